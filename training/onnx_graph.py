"""What an ONNX file says about itself, and the tidying that drops what a machine left behind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx

Shape = tuple[int | str, ...]

_DTYPES = {onnx.TensorProto.UINT8: "uint8", onnx.TensorProto.FLOAT: "float32"}
_IR_VERSIONS = {
    17: 8,
    18: 8,
    19: 9,
    20: 9,
    21: 10,
}  # the oldest that carries the opset: most readable


@dataclass(frozen=True, slots=True)
class Tensor:
    """One input or output: its name, element type and shape (a name for a dynamic axis)."""

    name: str
    dtype: str
    shape: Shape


@dataclass(frozen=True, slots=True)
class GraphFacts:
    """Signature and size of an ONNX file. parameters: floating-point weights stored in it."""

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    opset: int
    parameters: int
    operators: Mapping[str, int]


def describe(path: Path) -> GraphFacts:
    """Read the signature, opset and weight count of an ONNX file."""
    model = onnx.load(path)
    operators: dict[str, int] = {}
    for node in model.graph.node:
        operators[node.op_type] = operators.get(node.op_type, 0) + 1
    weights = sum(
        int(np.prod(tensor.dims))
        for tensor in model.graph.initializer
        if tensor.data_type == onnx.TensorProto.FLOAT
    )
    opset = next(entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx"))
    return GraphFacts(
        inputs=tuple(_tensor(value) for value in model.graph.input),
        outputs=tuple(_tensor(value) for value in model.graph.output),
        opset=opset,
        parameters=weights,
        operators=dict(sorted(operators.items())),
    )


def tidy(
    model: Any,
    *,
    input_axes: Sequence[str],
    output_names: Sequence[str],
    output_axes: Sequence[str],
) -> Any:
    """Name the dynamic axes, order the outputs and drop everything that a machine left behind.

    input_axes: names for the dynamic axes of the one input, in order ("batch", "height", ...).
    output_names: the outputs in the order to be served. output_axes: names for the dynamic axes of
    every output, in order ("batch", "cells"). Doc strings, producer and metadata go: they may carry
    paths of the machine that exported. Returns the same ModelProto, checked.
    """
    graph = model.graph
    _name_axes(graph.input[0], input_axes)
    by_name = {value.name: value for value in graph.output}
    if missing := set(output_names) - set(by_name):
        raise ValueError(f"no outputs {sorted(missing)} in the graph; it has {sorted(by_name)}")
    ordered = [by_name[name] for name in output_names]
    for value in ordered:
        _name_axes(value, output_axes)
    copies = [onnx.ValueInfoProto.FromString(value.SerializeToString()) for value in ordered]
    del graph.output[:]
    graph.output.extend(copies)
    _strip(model)
    onnx.checker.check_model(model, full_check=True)
    return model


def _strip(model: Any) -> None:
    model.producer_name, model.producer_version = "mien", ""
    model.domain, model.doc_string, model.model_version = "", "", 0
    graph = model.graph
    graph.name, graph.doc_string = "mien", ""
    del model.metadata_props[:]
    del graph.metadata_props[:]
    del graph.value_info[:]
    for entry in (*graph.input, *graph.output, *graph.initializer):
        entry.doc_string = ""
    for node in graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    used = {node.domain for node in graph.node}
    kept = [entry for entry in model.opset_import if entry.domain in used | {""}]
    versions = {entry.domain: entry.version for entry in kept}
    del model.opset_import[:]
    for domain, version in versions.items():
        model.opset_import.add(domain=domain, version=version)
    model.ir_version = _IR_VERSIONS.get(versions[""], model.ir_version)


def _name_axes(value: Any, names: Sequence[str]) -> None:
    dynamic = [axis for axis in value.type.tensor_type.shape.dim if not axis.HasField("dim_value")]
    if len(dynamic) != len(names):
        raise ValueError(
            f"{value.name} has {len(dynamic)} dynamic axes, not {len(names)} ({', '.join(names)}):"
            f" {_tensor(value).shape}"
        )
    for axis, name in zip(dynamic, names, strict=True):
        axis.dim_param = name


def _tensor(value: Any) -> Tensor:
    kind = value.type.tensor_type
    shape = tuple(
        int(axis.dim_value) if axis.HasField("dim_value") else str(axis.dim_param)
        for axis in kind.shape.dim
    )
    return Tensor(value.name, _DTYPES.get(kind.elem_type, str(kind.elem_type)), shape)
