"""From radio bytes to feedback and records: messages, pipe, clocks, drivers, sources, sinks."""
