"""What ``gaitwire bench`` measures: throughput, hops, latency, database, memory, start."""
