// Starts one OpenSearch node for the tests: java -cp JARS OpenSearchNode.java FOLDER HTTP_PORT TRANSPORT_PORT REPOSITORIES
import org.codelibs.opensearch.runner.OpenSearchRunner;

public class OpenSearchNode {
    public static void main(String[] arguments) throws Exception {
        OpenSearchRunner runner = new OpenSearchRunner();
        runner.setMaxHttpPort(-1);
        runner.onBuild((number, settings) -> {
            settings.put("discovery.type", "single-node");
            settings.put("network.host", "127.0.0.1");
            settings.put("transport.port", arguments[2]);
            settings.put("cluster.routing.allocation.disk.threshold_enabled", false);
            settings.put("action.destructive_requires_name", true);
            settings.putList("path.repo", arguments[3]);
        });
        int base = Integer.parseInt(arguments[1]) - 1;
        runner.build("-basePath", arguments[0], "-numOfNode", "1", "-baseHttpPort", String.valueOf(base),
                "-clusterName", "envsync-tests-" + arguments[1], "-disableESLogger");
        Thread.currentThread().join();
    }
}
