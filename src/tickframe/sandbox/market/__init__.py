"""The market that the service answers from: simulated, or the Parquet files of a folder."""
