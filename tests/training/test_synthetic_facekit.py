"""Loading the head model from the published repository's files and from arrays."""

import json
from pathlib import Path

import numpy as np
import pytest

from training.synthetic.facekit import FaceKitMissingError, Part, load_facekit

# A cube corner: two quads and a triangle over seven vertices, in centimetres.
MEAN = np.array(
    [[0, 0, 0], [1, 0, 0], [1, 2, 0], [0, 2, 0], [0, 0, 3], [1, 0, 3], [0.5, 2.5, 3]],
    dtype=np.float32,
)
FACES = np.array([[0, 1, 2, 3], [0, 4, 5, 1], [4, 6, 5, -1]], dtype=np.int32)
UV = np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0.5, 0.25]], dtype=np.float32)
FACES_UV = np.array([[0, 1, 2, 3], [3, 2, 1, 0], [4, 0, 1, -1]], dtype=np.int32)
NAMES = ("browDown_L", "jawOpen")
SHAPES = {
    "identity000": np.linspace(0.0, 0.5, 21).reshape(7, 3),
    "identity001": np.linspace(-0.25, 0.25, 21).reshape(7, 3),
    "browDown_L": np.full((7, 3), 0.125),
    "jawOpen": np.eye(7, 3),
}


def _write_obj(path: Path, vertices: np.ndarray) -> None:
    lines = ["# made up", "mtllib ICTFaceModelMaterial.mtl"]
    lines += [f"v {x:.15f} {y:.15f} {z:.15f}" for x, y, z in vertices]
    lines += [f"vt {u:.6f} {v:.6f}" for u, v in UV]
    lines.append("usemtl M_Face")
    for corners, texture in zip(FACES, FACES_UV, strict=True):
        pairs = [f"{a + 1}/{b + 1}" for a, b in zip(corners, texture, strict=True) if a >= 0]
        lines.append("f " + " ".join(pairs))
    path.write_text("\n".join(lines) + "\n", encoding="ascii")


def _write_repository(root: Path) -> Path:
    folder = root / "FaceXModel"
    folder.mkdir(parents=True)
    _write_obj(folder / "generic_neutral_mesh.obj", MEAN)
    for name, delta in SHAPES.items():
        _write_obj(folder / f"{name}.obj", MEAN + delta)
    (folder / "vertex_indices.json").write_text(json.dumps({"expressions": list(NAMES)}))
    return root


def _write_arrays(folder: Path) -> Path:
    folder.mkdir(parents=True)
    deltas = {name: np.asarray(delta, dtype=np.float32) for name, delta in SHAPES.items()}
    np.savez(
        folder / "facekit.npz",
        mean=MEAN,
        faces=FACES,
        uv=UV,
        faces_uv=FACES_UV,
        identity=np.stack([deltas["identity000"], deltas["identity001"]]),
        expression=np.stack([deltas[name] for name in NAMES]),
        expression_names=np.array(NAMES),
    )
    return folder


def test_both_layouts_give_the_same_model(tmp_path: Path) -> None:
    published = load_facekit(_write_repository(tmp_path / "repository"))
    arrays = load_facekit(_write_arrays(tmp_path / "arrays"))

    assert published.expression_names == arrays.expression_names == NAMES
    for name in ("mean", "identity", "expression"):
        np.testing.assert_allclose(getattr(published, name), getattr(arrays, name), atol=1e-5)
    for name in ("triangles", "parts", "landmarks"):
        np.testing.assert_array_equal(getattr(published, name), getattr(arrays, name))
    assert published.texture is not None
    assert arrays.texture is not None
    np.testing.assert_allclose(published.texture, arrays.texture)


def test_the_model_comes_in_the_head_frame_with_quads_cut(tmp_path: Path) -> None:
    kit = load_facekit(_write_repository(tmp_path), modes=1)

    np.testing.assert_allclose(kit.mean[6], [5.0, -25.0, -30.0])
    np.testing.assert_allclose(kit.identity[0], SHAPES["identity000"] * [10, -10, -10], atol=1e-4)
    assert kit.identity.shape == (1, 7, 3)
    expected = [[0, 1, 2], [0, 4, 5], [4, 6, 5], [0, 2, 3], [0, 5, 1]]
    np.testing.assert_array_equal(kit.triangles, expected)
    assert (kit.parts == Part.FACE).all()
    assert kit.texture is not None
    np.testing.assert_allclose(kit.texture[3], UV[[0, 2, 3]])
    np.testing.assert_allclose(kit.texture[2], UV[[4, 0, 1]])


def test_the_folder_of_the_files_itself_is_found_too(tmp_path: Path) -> None:
    kit = load_facekit(_write_repository(tmp_path) / "FaceXModel")

    assert len(kit.mean) == 7


def test_an_empty_folder_is_told_where_the_model_is_and_its_licence(tmp_path: Path) -> None:
    with pytest.raises(FaceKitMissingError, match=r"github.com/ICT-VGL/ICT-FaceKit.*MIT"):
        load_facekit(tmp_path)


def test_a_file_that_git_lfs_did_not_fetch_is_named(tmp_path: Path) -> None:
    folder = _write_repository(tmp_path) / "FaceXModel"
    (folder / "jawOpen.obj").write_text("version https://git-lfs.github.com/spec/v1\n")

    with pytest.raises(ValueError, match=r"jawOpen\.obj"):
        load_facekit(tmp_path)


def test_another_number_of_vertices_is_refused(tmp_path: Path) -> None:
    folder = _write_repository(tmp_path) / "FaceXModel"
    _write_obj(folder / "identity001.obj", MEAN[:6])

    with pytest.raises(ValueError, match=r"identity001\.obj has 6 vertices"):
        load_facekit(tmp_path)


def test_a_listed_expression_that_is_missing_is_named(tmp_path: Path) -> None:
    folder = _write_repository(tmp_path) / "FaceXModel"
    (folder / "browDown_L.obj").unlink()

    with pytest.raises(ValueError, match="browDown_L"):
        load_facekit(tmp_path)


def test_the_file_of_arrays_itself_is_accepted(tmp_path: Path) -> None:
    kit = load_facekit(_write_arrays(tmp_path / "arrays") / "facekit.npz")

    assert len(kit.mean) == 7


def test_arrays_that_git_lfs_did_not_fetch_are_named(tmp_path: Path) -> None:
    (tmp_path / "facekit.npz").write_text("version https://git-lfs.github.com/spec/v1\n")

    with pytest.raises(ValueError, match=r"facekit\.npz is no \.npz file.*git-lfs"):
        load_facekit(tmp_path)


def test_arrays_that_lack_something_are_told_what(tmp_path: Path) -> None:
    np.savez(tmp_path / "facekit.npz", mean=MEAN, faces=FACES)

    with pytest.raises(ValueError, match="lacks expression, expression_names, identity"):
        load_facekit(tmp_path)
