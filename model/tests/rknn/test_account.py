import pytest

from mien_model.rknn.account import parse, summary, table

HEAD = "D RKNN: [10:00:00.000] ID   OpType   DataType Target InputShape   OutputShape   Cycles(DDR/NPU/Total)   RW(KB)   FullName"
SAMPLE = f"""I rknn building ...
{HEAD}
D RKNN: [10:00:00.000] 0    InputOperator  INT8     CPU    \\                          (1,3,8,8)   0/0/0            0    InputOperator:input
D RKNN: [10:00:00.000] 1    ConvRelu       INT8     NPU    (1,3,8,8),(4,3,3,3),(4)    (1,4,8,8)   80/576/576       38   Conv:first
D RKNN: [10:00:00.000] 2    Pad            INT8     CPU    (1,4,8,8),(8),(1)          (1,6,8,8)   0/0/0            12   Pad:second
D RKNN: [10:00:00.000] 3    Conv           FLOAT16  NPU    (1,6,8,8),(2,6,1,1),...    (1,2,8,8)   900/256/900      7    Conv:third
D RKNN: [10:00:00.000] 4    Reshape        INT8     CPU    (1,2,8,8),(2)              (1,128)     0/0/0            0    Reshape:fourth
D RKNN: [10:00:00.000] 5    OutputOperator INT8     CPU    (1,128)                    \\           0/0/0            0    OutputOperator:out
D RKNN: [10:00:00.000] Total Internal Memory Size: 735KB
D RKNN: [10:00:00.000] Total Weight Memory Size: 4471.12KB
"""


def test_the_compilers_table_is_read():
    account = parse(SAMPLE)
    assert (account.cycles, account.weight_kb, account.internal_kb, len(account.layers)) == (1476, 4471.12, 735, 6)
    third = account.layers[3]
    assert (third.dtype, third.output, third.memory_cycles, third.npu_cycles, third.cycles, third.name) == ("FLOAT16", "(1,2,8,8)", 900, 256, 900, "Conv:third")


def test_only_what_counts_falls_to_the_cpu():
    assert [layer.name for layer in parse(SAMPLE).fallen] == ["Pad:second"]
    assert "on the CPU: 1 Pad" in summary(parse(SAMPLE))
    assert "nothing that counts" in summary(parse(SAMPLE.replace("CPU    (1,4,8,8),(8)", "NPU    (1,4,8,8),(8)")))


def test_the_dearest_layers_come_first():
    lines = table(parse(SAMPLE), 2).splitlines()
    assert len(lines) == 4 and lines[1].endswith("Conv:third") and lines[2].endswith("Conv:first")


def test_a_text_without_tables_is_refused():
    with pytest.raises(ValueError, match="no table of layers"):
        parse("I rknn building done")
    with pytest.raises(ValueError, match="no table of layers"):
        parse(SAMPLE.split("D RKNN: [10:00:00.000] Total")[0])
