"""Files of documents in, Parquet shards of records out: resumable, here or on a cluster."""
