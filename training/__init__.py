"""Offline half of mien: data sets -> prepared crops -> Keras networks -> evaluation -> ONNX + model
card.
"""
