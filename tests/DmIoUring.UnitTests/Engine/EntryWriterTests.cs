using System.Diagnostics;
using System.Runtime.CompilerServices;
using DmIoUring.Engine;
using DmIoUring.Interop;
using DmIoUring.TestSupport;

namespace DmIoUring.UnitTests.Engine;

/// <summary>The one writer of entries: whatever it does not know is refused, and nothing of an earlier entry is left in a later one.</summary>
public sealed unsafe class EntryWriterTests
{
    private const IoOperation NoOperation = (IoOperation)77;
    private const ChunkKind NoKind = (ChunkKind)77;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void EveryKind_BecomesAnEntryThatDoesSomething_OrThrows(bool isBlockDevice)
    {
        foreach (ChunkKind kind in Enum.GetValues<ChunkKind>())
        {
            Chunk chunk = new() { Kind = kind, Length = 4096, Run = 4096, Offset = 8192 };
            if (kind is ChunkKind.DiscardByIoctl or ChunkKind.Abandoned)
                Assert.Throws<UnreachableException>(() => FieldsOf(kind));
            else
                Assert.NotEqual(IoUring.IORING_OP_NOP, EntryWriter.FieldsOf(&chunk, isBlockDevice, 0).Opcode);
        }
    }

    [Fact]
    public void AKindThatNobodyKnows_Throws()
    {
        Assert.Throws<SwitchExpressionException>(() => FieldsOf(NoKind));
        Assert.Throws<SwitchExpressionException>(() => NoKind.HasBuffer());
        Assert.Throws<SwitchExpressionException>(() => NoKind.Transfers());
    }

    [Fact]
    public void AKindWithoutMemory_IsNoTransfer()
    {
        foreach (ChunkKind kind in Enum.GetValues<ChunkKind>().Append(NoKind).Where(static kind => kind is not (ChunkKind.Read or ChunkKind.Write)))
        {
            Assert.Throws<UnreachableException>(() => WriteRun(kind));
            Assert.Throws<UnreachableException>(() => Scattered(kind));
        }
    }

    [Fact]
    public void AnOperationThatNobodyKnows_Throws()
    {
        Assert.Throws<SwitchExpressionException>(() => NoOperation.DataKind());
        Assert.Throws<SwitchExpressionException>(() => NoOperation.HasBuffer());
        Assert.Throws<SwitchExpressionException>(() => NoOperation.HasSectors());
        Assert.Throws<SwitchExpressionException>(() => NoOperation.ChangesData());
        Assert.Throws<SwitchExpressionException>(() => NoOperation.Name());
    }

    [Fact]
    public void AnOperationThatNobodyKnows_ReachesNoRing()
    {
        using RingScript script = new();
        using EngineBench bench = new(script);
        IoRegion region = new(bench.Devices[0], 0, 8);
        Assert.Throws<SwitchExpressionException>(() => bench.Start(NoOperation, region));
        Assert.False(script.HasQueued);
        Assert.Empty(script.Taken);
    }

    [Fact]
    public void TheFastPath_TakesReadsAndWritesOnly()
    {
        using RingScript script = new();
        using EngineBench bench = new(script, holdsDevices: true, startsStraight: true);
        IoRegion region = new(bench.Devices[0], 0, 8);
        Assert.True(bench.Read(region).IsSuccess);
        foreach (IoOperation operation in Enum.GetValues<IoOperation>().Append(NoOperation))
        {
            bool started = bench.TryAcceptFast(operation, region);
            Assert.Equal(operation is IoOperation.Read or IoOperation.Write, started);
        }

        // Past admission it would not be written as something else either.
        Assert.Throws<UnreachableException>(() => StartUnchecked(bench, region, NoOperation));
        Assert.Throws<UnreachableException>(() => StartUnchecked(bench, region, IoOperation.WriteZeroes));
        while (!bench.IsIdle)
            bench.Turn();
        Assert.Equal([IoUring.IORING_OP_READ, IoUring.IORING_OP_READ, IoUring.IORING_OP_WRITE], script.Taken.Select(static entry => entry.opcode));
    }

    /// <summary>The script's entries are full of what was there before: what is not written shows.</summary>
    [Fact]
    public void NothingOfAnEarlierEntry_IsLeft()
    {
        using RingScript script = new();
        using EngineBench bench = new(script);
        IoRegion region = new(bench.Devices[0], 8, 8);
        foreach (IoOperation operation in Enum.GetValues<IoOperation>())
            bench.RunToEnd(bench.Start(operation, region));
        foreach (IoUringSqe entry in script.Taken)
        {
            Assert.Equal((0, 0, 0ul, 0, 0), (entry.buf_index, entry.personality, entry.__pad2, entry.ioprio, entry.flags));
            Assert.Equal(0ul, entry.addr3);
            Assert.Equal(entry.opcode == IoUring.IORING_OP_FSYNC ? IoUring.IORING_FSYNC_DATASYNC : 0, entry.rw_flags);
        }
    }

    private static void StartUnchecked(EngineBench bench, IoRegion region, IoOperation operation)
    {
        Request request = bench.Engine.FreeRequests!.Take();
        byte* start = (byte*)bench.Memory.Pointer;
        request.PrepareFast(operation, chunks: 1, start);
        request.SetFastNotify(static (_, _) => { }, context: null);
        bench.Engine.TryAcceptFast(request, operation, [region], start);
    }

    private static EntryFields FieldsOf(ChunkKind kind)
    {
        Chunk chunk = new() { Kind = kind, Length = 4096, Run = 4096 };
        return EntryWriter.FieldsOf(&chunk, isBlockDevice: true, 0);
    }

    private static void WriteRun(ChunkKind kind)
    {
        IoUringSqe entry;
        EntryWriter.WriteRun(&entry, kind, 0, 0, 3, 0, null, 4096, 0, 1);
    }

    private static EntryFields Scattered(ChunkKind kind)
    {
        Chunk chunk = new() { Kind = kind, Length = 4096 };
        return EntryWriter.ScatteredFieldsOf(&chunk, null, 2, 0);
    }
}
