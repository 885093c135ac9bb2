using DmIoUring.Engine;
using DmIoUring.Interop;
using DmIoUring.TestSupport;

namespace DmIoUring.UnitTests.Engine;

/// <summary>What the host refuses, and the device does not.</summary>
public sealed class HostRefusalTests
{
    [Theory]
    [InlineData(Errno.ENOMEM)]
    [InlineData(Errno.EMFILE)]
    [InlineData(Errno.ENFILE)]
    public void AnErrnoThatIsTheHosts_IsNotCalledTheDevices(int errno)
    {
        using RingScript script = new();
        using EngineBench bench = new(script);
        script.Answer = _ => -errno;
        foreach (IoOperation operation in Enum.GetValues<IoOperation>())
        {
            Request request = bench.Start(operation, Blocks(bench, 0, 1));
            bench.RunToEnd(request);
            Assert.Equal((errno, IoFailureCause.Host), (request.Result.First.Errno, request.Result.First.Cause));
        }
    }

    /// <summary>EPERM is the device's where it is read-only, and the host's where the process may not have the priority.</summary>
    [Fact]
    public void APriorityThatThisProcessMayHave_LeavesEpermToTheDevice()
    {
        using RingScript script = new();
        using EngineBench bench = new(script);
        script.Answer = _ => -Errno.EPERM;
        Request request = bench.StartWith(IoOperation.Write, bench.Memory, new IoRequestOptions(Priority: new IoPriority(IoPriorityClass.BestEffort, 3)), Blocks(bench, 0, 1));
        bench.RunToEnd(request);
        Assert.Equal((Errno.EPERM, IoFailureCause.Device), (request.Result.First.Errno, request.Result.First.Cause));
    }

    [Fact]
    public void CancelledUnasked_ItIsTriedAgain()
    {
        using RingScript script = new();
        using EngineBench bench = new(script);
        int left = 1;
        script.Answer = entry => left-- > 0 ? -Errno.ECANCELED : script.Whole(entry);
        Assert.Equal(default, bench.Write(Blocks(bench, 0, 1)));
        Assert.Equal(2, script.Taken.Count);
    }

    /// <summary>As at a limit of processes, where the kernel starts no worker: what needs one is done without, on the device itself.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void CancelledUnaskedAgainAndAgain_ItIsDoneWithoutTheRing(bool byThreads)
    {
        using RingScript script = new();
        using EngineBench bench = new(script);
        using ManualResetEventSlim told = new();
        bench.Engine.WakeOwner = byThreads ? told.Set : null;
        script.Answer = static _ => -Errno.ECANCELED;

        IoVector[] halves = Halves(bench);
        Assert.Equal(default, Run(bench, bench.StartWith(IoOperation.Write, IoBuffer.Vectors(halves), default, Blocks(bench, 0, 2))));
        Assert.Equal(default, Run(bench, bench.StartWith(IoOperation.WriteZeroes, default, default, Blocks(bench, 1, 1))));
        byte[] wanted = bench.Memory.GetSpan()[..(int)(2 * bench.Block * IoRegion.SectorSize)].ToArray();
        bench.Memory.GetSpan().Clear();
        Assert.Equal(default, Run(bench, bench.Start(IoOperation.Read, Blocks(bench, 0, 2))));
        Assert.True(bench.Memory.GetSpan()[..wanted.Length].SequenceEqual(wanted));
        Assert.True(File.ReadAllBytes(bench.Devices[0].Path).AsSpan(0, wanted.Length).SequenceEqual(wanted));
        Assert.Equal(byThreads, told.IsSet);
    }

    /// <summary>The script's clock stands still while nothing is in the ring, and what is done elsewhere takes its time.</summary>
    private static IoResult Run(EngineBench bench, Request request)
    {
        Assert.True(
            SpinWait.SpinUntil(
                () =>
                {
                    bench.Script.Clock += 1_000_000;
                    bench.Engine.Turn(wait: false);
                    bench.Script.CompleteAll();
                    return request.IsDone;
                },
                TimeSpan.FromMinutes(1)),
            "The request does not end.");
        return request.Result;
    }

    private static unsafe IoVector[] Halves(EngineBench bench)
    {
        byte* start = (byte*)bench.Memory.Pointer;
        nuint block = (nuint)(bench.Block * IoRegion.SectorSize);
        return [new IoVector(start, block), new IoVector(start + block, block)];
    }

    private static IoRegion Blocks(EngineBench bench, int device, int count) => new(bench.Devices[device], 0, count * bench.Block);
}
