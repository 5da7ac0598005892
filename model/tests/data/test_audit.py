import numpy as np
from miniature import drawn_face, jpeg, row, write_faces
from PIL import Image

from mien_model.data.commands import audit
from mien_model.data.likeness import near_pairs, small_gray
from mien_model.faces import load_faces
from mien_model.paths import RELEASE


def portraits():
    packed = np.frombuffer((RELEASE / "faces-npu-head.known.bin").read_bytes(), np.uint8).reshape(-1, 112, 112, 3)
    return np.stack([np.asarray(Image.fromarray(face).resize((128, 128), Image.Resampling.BILINEAR)) for face in packed[:4]])


def test_the_same_picture_is_found_again_brighter_compressed_and_mirrored():
    faces = portraits()
    brighter = np.clip(faces[:1] * 0.8 + 20, 0, 255).astype(np.uint8)
    found = {(i, j) for i, j, _ in near_pairs(small_gray(np.concatenate([faces, brighter, faces[1:2, :, ::-1]])))}
    assert found == {(0, 4), (1, 5)}


def test_an_audit_tells_counts_leaks_and_noise(tmp_path):
    same = jpeg(drawn_face(1))
    rows = [
        row("a.jpg", age="30", gender="0", identity="anna"),
        row("b.jpg", age="34", gender="1", split="val"),
        row("c.jpg", emo3="2", identity="anna", split="val"),
        row("d.jpg", emo3="1", pseudo="emo3"),
    ]
    folder = write_faces(tmp_path, rows, [same, same, jpeg(drawn_face(2)), jpeg(drawn_face(3))])
    told = "\n".join(audit(folder))
    assert "train, made: 2 faces" in told and "train, age 30-39: 1 women, 0 men" in told
    assert "train, filled by a network: 1 emo3" in told
    assert "identities in several splits: 1\n  made/anna: train, val" in told
    assert "near-identical pairs: 1, across splits: 1\n  train a.jpg = val b.jpg (1.000)" in told
    assert "age: 1 near-identical pairs, 0.0% with the same age, mean difference 4.00 years" in told
    assert "gender: 1 near-identical pairs, 100.0% with another label" in told
    assert "expression: no near-identical pair carries it twice" in told
    assert len(load_faces(rows, folder)) == 4
