"""The bundled clip: 22 s in a reception hall, four people, and a ledger of who is where. `python -m mien_model clip`"""

import json
from pathlib import Path

import numpy as np

from ..paths import CACHE

WIDTH, HEIGHT = 1280, 720
QUALITY = 33


def build_clip(output: Path) -> None:
    """Writes clip.mjpeg (baseline JPEGs, one after the other) and clip.json. The same sources give the same bytes."""
    from .compose import draw
    from .script import FRAMES_PER_SECOND, SECONDS

    stage = _stage()
    frames, ledger = [], []
    for index in range(SECONDS * FRAMES_PER_SECOND):
        picture, entries = draw(stage, index / FRAMES_PER_SECOND)
        frames.append(_jpeg(picture))
        ledger.append(entries)
    print(f"{len(frames)} frames, {sum(map(len, frames)) / 1e6:.2f} MB")
    output.mkdir(parents=True, exist_ok=True)
    (output / "clip.mjpeg").write_bytes(b"".join(frames))
    (output / "clip.json").write_text(_ledger_json(ledger, FRAMES_PER_SECOND))


def _stage():
    from ..portraits import fetch_portraits
    from .compose import Stage
    from .cutouts import PORTRAITS, check_file, cut_out
    from .foyer import column, fetch_panorama, foyer

    folder = CACHE / "portraits"
    pictures = fetch_portraits(folder)
    for portrait in PORTRAITS:
        check_file(portrait, folder)
    room = foyer(fetch_panorama(CACHE / "clip"), WIDTH, HEIGHT)
    return Stage(room, *column(WIDTH, HEIGHT), {p.id: cut_out(p, pictures[p.id]) for p in PORTRAITS})


def _jpeg(picture: np.ndarray) -> bytes:
    """Baseline 4:2:0 with trellis quantisation (mozjpeg inside libvips): a tenth smaller at the same quality."""
    import pyvips

    height, width, bands = picture.shape
    image = pyvips.Image.new_from_memory(picture.tobytes(), width, height, bands, "uchar").copy(interpretation="srgb")
    return image.jpegsave_buffer(
        Q=QUALITY,
        subsample_mode="on",
        interlace=False,
        optimize_coding=True,
        trellis_quant=True,
        overshoot_deringing=True,
        quant_table=3,
        keep="none",
    )


def _ledger_json(ledger: list[list[dict]], frames_per_second: int) -> str:
    from .cutouts import PORTRAITS

    people = [
        {"id": p.id, "name": p.name, "gender": p.gender, "apparentAge": p.apparent_age, "ageSource": p.age_source}
        for p in PORTRAITS
    ]
    presence = []
    for portrait in PORTRAITS:
        seen = [i for i, entries in enumerate(ledger) if any(e["person"] == portrait.id for e in entries)]
        presence.append({"person": portrait.id, "fromFrame": seen[0], "toFrame": seen[-1]})
    head = {
        "width": WIDTH,
        "height": HEIGHT,
        "framesPerSecond": frames_per_second,
        "frames": len(ledger),
        "people": people,
        "presence": presence,
    }
    lines = ",\n".join(json.dumps(entries, separators=(",", ":")) for entries in ledger)
    return json.dumps(head, indent=1)[:-2] + ',\n "ledger": [\n' + lines + "\n]}\n"
