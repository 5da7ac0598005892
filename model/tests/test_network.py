"""The network's table against the paper's Table 1."""

import pytest

from mien_model import network
from mien_model.describe import describe, stages
from mien_model.network import Architecture

# The paper's rows: expansion, channels, repeats, stride of the first repeat, side of the output.
TRUNK = [
    (None, 48, 1, 2, 56),
    (1, 24, 1, 1, 56),
    (6, 32, 2, 2, 28),
    (6, 48, 3, 2, 14),
    (6, 88, 4, 2, 7),
    (6, 136, 3, 1, 7),
    (6, 224, 3, 2, 4),
    (6, 448, 1, 1, 4),
    (None, 1792, 1, 1, 4),
]


@pytest.mark.parametrize("head", network.FRONTS)
def test_stages_are_the_papers(head):
    found = stages(Architecture(head=head))
    assert [(s.expansion, s.channels, s.repeats, s.stride, s.side) for s in found[:9]] == TRUNK
    assert (found[-1].channels, found[-1].side) == (1792, 1)


@pytest.mark.parametrize("head", network.FRONTS)
def test_stages_add_up_to_the_network(head):
    architecture = Architecture(head=head)
    heads = sum(n * 1793 for n in network.HEADS.values())
    assert sum(s.parameters for s in stages(architecture)) + heads == network.parameters(architecture)


@pytest.mark.parametrize("head", network.FRONTS)
def test_every_convolution_takes_what_the_one_before_gives(head):
    channels, side = 3, network.SIDE
    for c in network.convolutions(Architecture(head=head)):
        assert c.inputs == channels, c.name
        assert c.side == (side + 2 * c.padding - c.kernel) // c.stride + 1, c.name
        channels, side = c.outputs, c.side
    assert channels == network.LAST


def test_parameters_are_the_papers_4_3_million():
    assert round(network.parameters(Architecture(head="pooled")) / 1e6, 1) == 4.3
    assert network.parameters() == 4_355_205
    # What only the dense reading has: the convolution that the paper's count and memory rule out.
    assert network.parameters(Architecture(head="dense-head")) - network.parameters() > 16e6


def test_a_task_less_is_a_head_less():
    assert network.parameters() - network.parameters(Architecture(tasks=("age", "gender"))) == 3 * 1793


def test_skips_only_where_shapes_allow():
    assert [b.name for b in network.blocks() if b.skip] == [f"block{n:02}" for n in (2, 4, 5, 7, 8, 9, 11, 12, 14, 15)]


def test_description_has_every_stage_and_the_sums():
    text = describe()
    assert "4,355,205 parameters, 156,943,936 multiply-adds" in text
    assert [line.split()[0] for line in text.splitlines()[2:13]] == [str(n) for n in range(1, 12)]
    assert all(c.name in describe(each=True) for c in network.convolutions())


@pytest.mark.parametrize(
    "wrong",
    [{"head": "sparse"}, {"tasks": ()}, {"tasks": ("gender", "age")}, {"tasks": ("height",)}, {"trunk": "vgg"}, {"trunk": "resnet50"}],
)
def test_unknown_networks_are_refused(wrong):
    with pytest.raises(ValueError, match="must"):
        Architecture(**wrong)
