using System.Diagnostics;
using DmIoUring.Engine;
using DmIoUring.Interop;
using DmIoUring.Rings;
using DmIoUring.Submission;

namespace DmIoUring.UnitTests.Engine;

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
    public void ForceUnitAccess_IsOnEveryWriteThatAsksForIt_AndNoOther()
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

    /// <summary>A command that no worker of the kernel's was to be had for is carried out by ioctl.</summary>
    [Fact]
    public void ACommandThatTheKernelKeepsCancelling_IsCarriedOutAside()
    {
        using NvmeBench bench = new() { Status = static (_, _) => -Errno.ECANCELED };
        IoResult result = bench.Run(IoOperation.Write, bench.Memory, default, bench.Region(0, 8));

        // The file behind the bench is no namespace: NVME_IOCTL_IO64_CMD is ENOTTY on it.
        Assert.Equal(new IoFailure(0, 0, Errno.ENOTTY, IoFailureCause.Device), result.First);
        Assert.Equal(2, bench.Commands.Count);
        Assert.Equal(0, bench.Engine.InFlight);
    }

    /// <summary>Zoned, in several pieces, of no length: what other devices are asked for, a namespace has told.</summary>
    [Fact]
    public void ANamespace_IsOfKnownRules()
    {
        using NvmeBench bench = new(blockShift: 12);
        BlockDevice device = bench.Device;
        Assert.Equal((4, 4, 4096, 4096, 4096), (device.MemoryAlignment, device.SegmentAlignment, device.OffsetAlignment, device.LogicalBlockSize, device.ReadBlockSize));
        Assert.Equal((false, true, false, true), (device.IsBlockDevice, device.IsNvmeNamespace, device.IsZoned, device.IsDirect));
        Assert.Equal((0, 0, long.MaxValue), (device.AtomicWriteLimits.Min, device.AtomicWriteLimits.Max, device.SequentialFrom));
        Assert.Equal((true, 0), (device.Geometry.IsSegmentRuleKnown, device.Geometry.EntryFlags));
        Assert.Contains("NVMe namespace", Assert.Throws<InvalidOperationException>(() => device.SetLength(4096)).Message, StringComparison.Ordinal);
        Assert.Contains("NVMe namespace", Assert.Throws<InvalidOperationException>(() => device.Allocate(4096)).Message, StringComparison.Ordinal);
    }

    /// <summary>The second ring for real, on a file that knows no commands: the refusal comes back, to a waiting owner, and nothing hangs.</summary>
    [Fact]
    public void ACommandOnARealRing_ComesBack()
    {
        using NvmeBench bench = new(kernel: RingCalls.Kernel);
        for (int round = 0; round < 5; round++)
        {
            IoRegion[] regions = [.. Enumerable.Range(0, 20).Select(i => bench.Region(i * 8, 8))];
            IoResult result = bench.Run(IoOperation.Write, bench.Memory, default, regions);
            Assert.Equal(((1ul << 20) - 1, 0ul), (result.Unsupported.Value, result.Failed.Value));
            Assert.Equal((Errno.EOPNOTSUPP, IoFailureCause.NoPassThrough), (result.First.Errno, result.First.Cause));
        }

        Assert.Equal(0, bench.Engine.InFlight);
    }

    /// <summary>Every answer that leaves open what the kernel has taken: both rings are closed, and new ones carry the same commands once more.</summary>
    [Theory]
    [InlineData(Errno.EBADF, true, nameof(IoOperation.Write))]
    [InlineData(Errno.EBADF, false, nameof(IoOperation.Write))]
    [InlineData(Errno.EFAULT, true, nameof(IoOperation.Read))]
    [InlineData(Errno.ENOSYS, true, nameof(IoOperation.Flush))]
    [InlineData(Errno.EPERM, false, nameof(IoOperation.Discard))]
    [InlineData(Errno.EPERM, true, nameof(IoOperation.WriteZeroes))]
    public void ALostRingOfCommands_IsReplaced_AndNothingIsLostNorEndsTwice(int errno, bool takesEntries, string name)
    {
        IoOperation operation = Enum.Parse<IoOperation>(name);
        CommandCalls calls = new() { Answer = errno, TakesEntries = takesEntries };
        using NvmeBench bench = new(kernel: calls);
        IoBuffer buffer = operation is IoOperation.Read or IoOperation.Write ? (IoBuffer)bench.Memory : default;
        IoRegion[] regions = [.. Enumerable.Range(0, 20).Select(i => bench.Region(i * 8, operation == IoOperation.Flush ? 0 : 8))];
        calls.Fail(1);
        IoResult result = bench.Run(operation, buffer, default, regions);
        Assert.Equal(1, calls.Answered);
        Assert.Equal(2, calls.CommandRings);
        Assert.Equal(((1ul << 20) - 1, 0ul), (result.Unsupported.Value, result.Failed.Value));
        Assert.Equal((Errno.EOPNOTSUPP, IoFailureCause.NoPassThrough), (result.First.Errno, result.First.Cause));
        Assert.Equal((0, true), (bench.Engine.InFlight, bench.Engine.IsIdle));
    }

    /// <summary>EAGAIN, EBUSY, EINTR leave the commands where they are; the owner comes back for them without a completion that tells it to.</summary>
    [Theory]
    [InlineData(Errno.EAGAIN)]
    [InlineData(Errno.EBUSY)]
    [InlineData(Errno.EINTR)]
    public void CommandsThatTheKernelCouldNotTakeYet_AreHandedOverAgain(int errno)
    {
        CommandCalls calls = new() { Answer = errno };
        using NvmeBench bench = new(kernel: calls);
        calls.Fail(3);
        Assert.Equal(IoFailureCause.NoPassThrough, bench.Run(IoOperation.Write, bench.Memory, default, bench.Region(0, 8)).First.Cause);
        Assert.Equal((3, 1), (calls.Answered, calls.CommandRings));
    }

    [Fact]
    public void WithoutEntriesOfThatSize_ItIsUnsupported_WithTheReason()
    {
        CommandCalls calls = new() { SetupAnswer = Errno.EINVAL };
        using NvmeBench bench = new(kernel: calls);
        foreach (IoOperation operation in Enum.GetValues<IoOperation>())
        {
            IoBuffer buffer = operation is IoOperation.Read or IoOperation.Write ? (IoBuffer)bench.Memory : default;
            IoResult result = bench.Run(operation, buffer, default, bench.Region(0, operation == IoOperation.Flush ? 0 : 8));
            Assert.Equal((1ul, 0ul), (result.Unsupported.Value, result.Failed.Value));
            Assert.Equal(new IoFailure(0, 0, Errno.EOPNOTSUPP, IoFailureCause.NoPassThrough), result.First);
        }

        IoFeature feature = Large(RingProbe.Run(calls));
        Assert.False(feature.IsAvailable);
        Assert.Contains("5.19", feature.Reason, StringComparison.Ordinal);
        Assert.True(Large(RingProbe.Run()).IsAvailable);

        static IoFeature Large(HostRings host) =>
            Assert.Single(host.Capabilities.Features, static feature => string.Equals(feature.Name, "IORING_SETUP_SQE128", StringComparison.Ordinal));
    }

    /// <summary>No descriptor for the second ring is the host's fault, and passes.</summary>
    [Fact]
    public void AHostThatIsShortOfDescriptors_IsAskedAgain()
    {
        CommandCalls calls = new() { SetupAnswer = Errno.EMFILE };
        using NvmeBench bench = new(kernel: calls);
        IoResult result = bench.Run(IoOperation.Read, bench.Memory, default, bench.Region(0, 8));
        Assert.Equal((1ul, new IoFailure(0, 0, Errno.EMFILE, IoFailureCause.Host)), (result.Failed.Value, result.First));
        calls.SetupAnswer = 0;
        long start = Stopwatch.GetTimestamp();
        do
            result = bench.Run(IoOperation.Read, bench.Memory, default, bench.Region(0, 8));
        while (result.First.Errno == Errno.EMFILE && Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(30));
        Assert.Equal(IoFailureCause.NoPassThrough, result.First.Cause);
    }

    /// <summary>The kernel, but for the ring of commands.</summary>
    private sealed class CommandCalls : RingCalls
    {
        private int _descriptor = -1;
        private int _left;

        /// <summary>What io_uring_enter answers on that ring, when told so.</summary>
        public int Answer { get; init; }

        /// <summary>Whether it takes the entries first.</summary>
        public bool TakesEntries { get; init; }

        /// <summary>What io_uring_setup answers to that ring; 0 for what the kernel answers.</summary>
        public int SetupAnswer { get; set; }

        public int Answered { get; private set; }

        public int CommandRings { get; private set; }

        public void Fail(int calls) => _left = calls;

        public override int Setup(uint entries, IoUringParams* parameters)
        {
            bool carriesCommands = (parameters->flags & IoUring.IORING_SETUP_SQE128) != 0;
            if (carriesCommands && SetupAnswer != 0)
                return -SetupAnswer;
            int result = base.Setup(entries, parameters);
            if (carriesCommands && result >= 0)
            {
                _descriptor = result;
                CommandRings++;
            }

            return result;
        }

        public override int Enter(int descriptor, uint toSubmit, uint minComplete, uint flags, void* argument, nuint argumentSize)
        {
            if (_left == 0 || descriptor != _descriptor || (flags & IoUring.IORING_ENTER_REGISTERED_RING) != 0)
                return base.Enter(descriptor, toSubmit, minComplete, flags, argument, argumentSize);
            _left--;
            Answered++;
            if (TakesEntries)
                _ = base.Enter(descriptor, toSubmit, 0, 0, null, 0);
            return -Answer;
        }
    }
}
