"""What happens to a batch: one verb a file, a kernel and a thin PTransform."""
