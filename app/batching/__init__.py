"""Items of many callers, run together; knows nothing of faces or of onnxruntime."""
