"""The ONNX model: its contract, running it live, and making it (docs/model.md)."""
