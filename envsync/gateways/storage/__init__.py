"""Where artefacts lie: buckets and folders, behind one Protocol."""
