"""The network's table against the paper's Table 1."""

from mien_model import network

# operator rows of the paper: channels and output side after each stage
TABLE_1 = [("stem", 48, 56), ("block00", 24, 56), ("block02", 32, 28), ("block05", 48, 14), ("block09", 88, 7), ("block12", 136, 7)]
TABLE_1 += [("block15", 224, 4), ("block16", 448, 4), ("last", 1792, 4), ("pool2", 1792, 1)]


def test_shapes_are_the_papers():
    ends = {c.name.partition(".")[0]: (c.outputs, c.side) for c in network.convolutions()}
    assert [(name, *ends[name]) for name, _, _ in TABLE_1] == TABLE_1


def test_every_convolution_takes_what_the_one_before_gives():
    channels, side = 3, network.SIDE
    for c in network.convolutions():
        assert c.inputs == channels, c.name
        assert c.side == (side + 2 * c.padding - c.kernel) // c.stride + 1, c.name
        channels, side = c.outputs, c.side
    assert (channels, side) == (network.LAST, 1)


def test_parameters_are_the_papers_4_3_million():
    assert round(network.parameters() / 1e6, 1) in (4.3, 4.4)
    assert network.parameters() == 4_355_205


def test_skips_only_where_shapes_allow():
    assert [b.name for b in network.blocks() if b.skip] == [f"block{n:02}" for n in (2, 4, 5, 7, 8, 9, 11, 12, 14, 15)]


def test_description_has_a_row_for_each_stage():
    text = network.describe()
    assert all(c.name in text for c in network.convolutions())
    assert "4,355,205 parameters" in text
