"""MongoDB and DocumentDB: what is seen of them and done to them, over pymongo."""
