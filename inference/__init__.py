"""What the body is doing: calibration, angles, gait, exercises, feedback and the ONNX model."""
