"""Terms of one's own release, and what its val split must have."""

import re

import pytest
from miniature import row

from mien_model.own_release import check_val, read_terms
from mien_model.paths import MODEL

GOOD = re.search(r"^```toml terms.toml\n(.*?)^```$", (MODEL.parent / "docs" / "your-own-faces.md").read_text(), re.MULTILINE | re.DOTALL)[1]


def terms(folder, text):
    (folder / "LICENSE").write_text("ours")
    (folder / "terms.toml").write_text(text)
    return read_terms(folder / "terms.toml")


def test_the_documents_example_is_read(tmp_path):
    found = terms(tmp_path, GOOD)
    assert (found.name, found.version, found.licence["use"], found.text.read_text()) == ("our-faces", "1.0.0", "research", "ours")
    assert found.data[0]["name"].startswith("our visitors")


@pytest.mark.parametrize(
    "old, new, wrong",
    [
        ('version = "1.0.0"', "", r"terms.toml: 'version' must be a str, came None"),
        ('version = "1.0.0"', "version =", r"terms.toml is no TOML"),
        ('use = "research"', 'use = "commercial"', r"\[licence\]: 'use' must be one of research, any, came 'commercial'"),
        ('statement = "These weights are for in-house trials."', "", "missing or wrong: statement"),
        ('file = "LICENSE"', 'file = "COPYING"', "'file' must be a text file beside it"),
        ('file = "LICENSE"', 'file = "../LICENSE"', "'file' must be a text file beside it"),
        ('file = "LICENSE"', 'file = "NOTICE"', "none of LICENSE-APACHE-2.0, NOTICE"),
        ("[[data]]", "[[data]]\nowner = 3", r"\[\[data\]\] 1: .*unknown: owner"),
    ],
)
def test_what_is_wrong_with_terms_is_named(tmp_path, old, new, wrong):
    assert old in GOOD
    with pytest.raises(ValueError, match=wrong):
        terms(tmp_path, GOOD.replace(old, new, 1))


def test_val_faces_must_carry_each_label():
    check_val([row(f"{n}.jpg", age="3", gender="0", emo3="1") for n in range(10)])
    with pytest.raises(ValueError, match=r"at least 10 faces with each label.*it has 10 with age, 10 with gender, 9 with expression"):
        check_val([row(f"{n}.jpg", age="3", gender="0", emo3="1" if n else "") for n in range(10)])
