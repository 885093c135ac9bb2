using DmIoUring.Engine;
using DmIoUring.Interop;
using DmIoUring.Submission;

namespace DmIoUring.Tests.Engine;

/// <summary>Requests on an NVMe namespace become the drive's own commands, and its statuses results.</summary>
public sealed unsafe class NvmeCommandTests
{
    private const int DoNotRetry = 0x4000;

    public static TheoryData<int> Shifts => [9, 12];

    [Theory]
    [MemberData(nameof(Shifts))]
    public void WhatIsWritten_IsWhereItBelongs_AndReadBack(int shift)
    {
        using NvmeBench bench = new(shift);
        byte[] expected = [.. bench.Disk];
        Assert.Equal(default, bench.Run(IoOperation.Write, bench.Memory, default, bench.Region(8, 1000), bench.Region(2048, 8)));
        bench.Memory.GetSpan()[..(1000 * 512)].CopyTo(expected.AsSpan(8 * 512));
        bench.Memory.GetSpan()[..4096].CopyTo(expected.AsSpan(2048 * 512));
        Assert.Equal(expected, bench.Disk);
        Assert.All(bench.Commands, command => Assert.InRange(command.data_len, 1u, 64u << 10));

        using IoMemory read = IoMemory.Allocate(1000 * 512);
        Assert.Equal(default, bench.Run(IoOperation.Read, read, default, bench.Region(8, 1000)));
        Assert.True(read.GetSpan().SequenceEqual(expected.AsSpan(8 * 512, 1000 * 512)));
    }

    [Fact]
    public void ForceUnitAccess_IsOnEveryWriteOfARequestThatAsksForIt_AndOnNoOther()
    {
        using NvmeBench bench = new();
        Assert.Equal(default, bench.Run(IoOperation.Write, bench.Memory, IoFlags.Fua, bench.Region(0, 1000)));
        Assert.All(bench.Commands, static command => Assert.NotEqual(0u, command.cdw12 & (1u << 30)));
        bench.Commands.Clear();
        Assert.Equal(default, bench.Run(IoOperation.Write, bench.Memory, default, bench.Region(0, 1000)));
        Assert.All(bench.Commands, static command => Assert.Equal(0u, command.cdw12 & ~0xFFFFu));
    }

    [Fact]
    public void APreflush_EndsBeforeTheDataGoes()
    {
        using NvmeBench bench = new();
        Assert.Equal(default, bench.Run(IoOperation.Write, bench.Memory, IoFlags.Preflush, bench.Region(0, 8)));
        Assert.Equal([0, 1], bench.Commands.Select(static command => (int)command.opcode));
        Assert.Equal(default, bench.Run(IoOperation.Flush, default, default, bench.Region(0, 0)));
        Assert.Equal(0, bench.Commands[^1].opcode);
    }

    [Theory]
    [MemberData(nameof(Shifts))]
    public void MemoryInPieces_AndOffItsAlignment_IsGathered(int shift)
    {
        using NvmeBench bench = new(shift);
        byte* start = (byte*)bench.Memory.Pointer;
        int[] lengths = [4096, 512, 4, 1020, 2560, 8192, 100, 3996];
        IoVector[] vectors = new IoVector[lengths.Length];
        List<byte> expected = [];
        for (int i = 0; i < lengths.Length; i++)
        {
            vectors[i] = new IoVector(start + (i * 16384), (nuint)lengths[i]);
            expected.AddRange(new ReadOnlySpan<byte>(vectors[i].Pointer, lengths[i]));
        }

        Assert.Equal(default, bench.Run(IoOperation.Write, IoBuffer.Vectors(vectors), default, bench.Region(64, expected.Count / 512)));
        Assert.Equal(expected, bench.Disk[(64 * 512)..((64 * 512) + expected.Count)]);
        Assert.Equal(default, bench.Run(IoOperation.Write, IoBuffer.Contiguous(start + 1, 65536), default, bench.Region(512, 128)));
        Assert.True(new ReadOnlySpan<byte>(start + 1, 65536).SequenceEqual(bench.Disk.AsSpan(512 * 512, 65536)));
        Assert.All(bench.Commands, static command => Assert.Equal(0ul, command.addr & 3));
    }

    [Theory]
    [MemberData(nameof(Shifts))]
    public void ZeroesAndDiscards_CoverTheirSectorsAndNoOthers(int shift)
    {
        using NvmeBench bench = new(shift, zeroes: 128 << 10);
        byte[] expected = [.. bench.Disk];
        Assert.Equal(default, bench.Run(IoOperation.WriteZeroes, default, default, bench.Region(8, 1000)));
        Assert.Equal(default, bench.Run(IoOperation.Discard, default, default, bench.Region(2048, 1024)));
        expected.AsSpan(8 * 512, 1000 * 512).Clear();
        expected.AsSpan(2048 * 512, 1024 * 512).Fill(0xDD);
        Assert.Equal(expected, bench.Disk);
        Assert.Equal(4, bench.Commands.Count(static command => command.opcode == 8));
    }

    /// <summary>Invalid opcode: zeroes are written from memory, in pieces that the drive takes.</summary>
    [Fact]
    public void ADriveWithoutWriteZeroes_IsWrittenZeroes()
    {
        using NvmeBench bench = new(zeroes: 0) { Status = static (_, command) => command.opcode == 8 ? 0x01 | DoNotRetry : 0 };
        byte[] expected = [.. bench.Disk];
        Assert.Equal(default, bench.Run(IoOperation.WriteZeroes, default, default, bench.Region(8, 1000)));
        expected.AsSpan(8 * 512, 1000 * 512).Clear();
        Assert.Equal(expected, bench.Disk);
    }

    [Fact]
    public void ADriveWithoutDiscard_SaysUnsupported()
    {
        using NvmeBench bench = new() { Status = static (_, command) => command.opcode == 9 ? 0x01 | DoNotRetry : 0 };
        IoResult result = bench.Run(IoOperation.Discard, default, default, bench.Region(8, 8));
        Assert.Equal((1ul, 0ul), (result.Unsupported.Value, result.Failed.Value));
        Assert.Equal(new IoFailure(0, 8, Errno.EOPNOTSUPP, IoFailureCause.Device), result.First);
    }

    [Theory]
    [InlineData(0x281, Errno.ENODATA)]
    [InlineData(0x280, Errno.ENODATA)]
    [InlineData(0x81, Errno.ENOSPC)]
    [InlineData(0x80, Errno.EREMOTEIO)]
    [InlineData(0x282, Errno.EILSEQ)]
    [InlineData(0x83, Errno.EBADE)]
    [InlineData(0x370, Errno.ENOLINK)]
    [InlineData(0x06, Errno.EIO)]
    public void ADrivesStatus_IsTheErrnoOfTheBlockLayer(int status, int errno)
    {
        using NvmeBench bench = new() { Status = (index, _) => index == 1 ? status | DoNotRetry : 0 };
        IoResult result = bench.Run(IoOperation.Write, bench.Memory, default, bench.Region(0, 8), bench.Region(64, 8), bench.Region(128, 8));
        Assert.Equal((0b10ul, 0ul), (result.Failed.Value, result.Unsupported.Value));
        Assert.Equal(new IoFailure(1, 64, errno, IoFailureCause.Device), result.First);
        Assert.Equal(3, bench.Commands.Count);
    }

    [Fact]
    public void AFailedRead_LeavesZeroes()
    {
        using NvmeBench bench = new() { Status = static (_, _) => 0x281 | DoNotRetry };
        Assert.Equal(1ul, bench.Run(IoOperation.Read, bench.Memory, default, bench.Region(0, 8)).Failed.Value);
        Assert.Equal(-1, bench.Memory.GetSpan()[..4096].IndexOfAnyExcept((byte)0));
    }

    /// <summary>What the kernel would try again for a file system it does not for a command: the engine does, as often.</summary>
    [Theory]
    [InlineData(2, true)]
    [InlineData(5, true)]
    [InlineData(6, false)]
    public void AStatusThatMayPass_IsTriedAgainAFewTimes(int failures, bool succeeds)
    {
        using NvmeBench bench = new() { Status = (index, _) => index < failures ? 0x82 : 0 };
        IoResult result = bench.Run(IoOperation.Write, bench.Memory, default, bench.Region(0, 8));
        Assert.Equal(succeeds, result.IsSuccess);
        Assert.Equal(Math.Min(failures + 1, 6), bench.Commands.Count);
        if (!succeeds)
            Assert.Equal(Errno.EREMOTEIO, result.First.Errno);
    }

    [Fact]
    public void PrioritiesAndAtomicWrites_AreUnsupportedWithTheReason()
    {
        using NvmeBench bench = new();
        IoResult priority = bench.Run(IoOperation.Write, bench.Memory, new IoRequestOptions(Priority: new IoPriority(IoPriorityClass.BestEffort, 3)), bench.Region(0, 8));
        Assert.Equal((1ul, IoFailureCause.NotByCommand), (priority.Unsupported.Value, priority.First.Cause));
        IoResult atomic = bench.Run(IoOperation.Write, bench.Memory, IoFlags.Atomic, bench.Region(0, 8));
        Assert.Equal((1ul, IoFailureCause.NotAtomic), (atomic.Unsupported.Value, atomic.First.Cause));
        Assert.Empty(bench.Commands);
    }

    [Fact]
    public void ANamespace_IsNeitherHeldNorReadBySystemCallNorTakenByTheFastPath()
    {
        using NvmeBench bench = new(fastPath: true);
        IoRegion region = bench.Region(0, 8);
        Assert.Equal(default, bench.Run(IoOperation.Read, bench.Memory, default, region));
        Assert.False(bench.Engine.Devices!.IsHeld(bench.Device));
        IoBuffer buffer = bench.Memory;
        IoRequestOptions options = default;
        RequestSpec spec = new(IoOperation.Read, [region], buffer, options, static (_, _) => { });
        Assert.False(Admission.IsFast(IoOperation.Read, [region], (byte*)bench.Memory.Pointer, bench.Memory.Length, bench.Engine.Devices!, 1 << 20));
        Assert.False(Admission.IsDirect(spec, 1 << 20));
        Assert.Contains("Identify", bench.Device.ReadAbilities().Source, StringComparison.Ordinal);
    }

    /// <summary>The second ring for real, on a file that knows no commands: the refusal comes back, to a waiting owner, and nothing hangs.</summary>
    [Fact]
    public void ACommandOnARealRing_ComesBack()
    {
        using NvmeBench bench = new(onKernelRing: true);
        for (int round = 0; round < 5; round++)
        {
            IoRegion[] regions = [.. Enumerable.Range(0, 20).Select(i => bench.Region(i * 8, 8))];
            IoResult result = bench.Run(IoOperation.Write, bench.Memory, default, regions);
            Assert.Equal(((1ul << 20) - 1, 0ul), (result.Unsupported.Value, result.Failed.Value));
            Assert.Equal(Errno.EOPNOTSUPP, result.First.Errno);
        }

        Assert.Equal(0, bench.Engine.InFlight);
    }
}
