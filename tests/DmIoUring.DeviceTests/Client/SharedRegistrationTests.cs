using System.Globalization;
using DmIoUring.DeviceTests.Support;
using DmIoUring.Drivers;
using DmIoUring.Interop;
using DmIoUring.Rings;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Client;

/// <summary>Registrations that lanes and reactors share, on the kernel's rings.</summary>
[Collection(AloneCollection.Name)]
public sealed class SharedRegistrationTests
{
    private const int Lanes = 8;
    private const int Pages = 1024;
    private const long PoolBytes = (long)Pages * PageList.PageSize;

    [Fact]
    public void EightLanesAndAReactor_ShareOneReserve_WhichIsPinnedOnce()
    {
        RequireClones();
        using TestDevice device = new();
        long before = PinnedAtRest();
        using DmIoClient client = new(new DmIoOptions { Lanes = Lanes });
        using IoReactor reactor = new(new IoReactorOptions { Pages = client.Pages });
        using PageReservation reservation = client.Reserve(Pages);

        UseEveryLane(client, device);
        Use(reactor, device);

        Assert.Equal(PoolBytes, Pinned() - before);
        AssertPinnedOnce(client.PageRegistration, reactor.PageRegistration);
    }

    [Fact]
    public void MemoryOfTheEmbeddersOwn_IsPinnedOnceForAll_UntilItsRegistrationEnds()
    {
        RequireClones();
        using TestDevice device = new();
        long before = PinnedAtRest();
        using IoMemory memory = IoMemory.Allocate(PoolBytes);
        using DmIoClient client = new(new DmIoOptions { Lanes = Lanes });
        using IoReactor reactor = new(new IoReactorOptions { Pages = client.Pages });
        MemoryRegistration registration = client.Register(memory);

        WriteByEveryLane();
        reactor.SubmitWrite(device.Region(0, 8), memory.Slice(4096, 4096), static (_, _) => { });
        reactor.Poll(1);
        Assert.Equal(PoolBytes, Pinned() - before);
        AssertPinnedOnce(client.PageRegistration, reactor.PageRegistration);

        registration.Dispose();
        WriteByEveryLane();
        reactor.Poll();
        Assert.True(SpinWait.SpinUntil(() => Pinned() == before, Notification.Limit), $"{Pinned() - before} bytes are still pinned.");

        void WriteByEveryLane()
        {
            for (int i = 0; i < 2 * Lanes; i++)
                Assert.Equal(default, client.WriteAsync(device.Region(0, 8), memory.Slice(0, 4096)).AsTask().GetAwaiter().GetResult());
        }
    }

    /// <summary>A lane that polls for completions has two rings, which would pin twice.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void RingsThatPoll_ShareTheReserveToo(bool submissions)
    {
        RequireClones();
        using TestDevice device = new();
        long before = PinnedAtRest();
        DmIoOptions options = submissions
            ? new() { Lanes = 2, SubmissionPolling = TimeSpan.FromMilliseconds(1) }
            : new() { Lanes = 2, CompletionPolling = IoCompletionPolling.Busy };
        using DmIoClient client = new(options);
        using PageReservation reservation = client.Reserve(Pages);

        UseEveryLane(client, device);

        Assert.Equal(PoolBytes, Pinned() - before);
        AssertPinnedOnce(client.PageRegistration);
    }

    [Fact]
    public void WhereTheKernelClonesNothing_EachLanePins_AndTheClientSaysWhy()
    {
        Require.KernelRing();
        using TestDevice device = new();
        long before = PinnedAtRest();
        RefusingCalls calls = new(IoUring.IORING_REGISTER_CLONE_BUFFERS, Errno.EINVAL);
        using DmIoClient client = new(new DmIoOptions { Lanes = Lanes }, new KernelRingSource(calls));
        using PageReservation reservation = client.Reserve(Pages);

        UseEveryLane(client, device);

        Assert.Equal(Lanes * PoolBytes, Pinned() - before);
        Assert.True(client.PageRegistration.IsAvailable);
        Assert.Contains("by each ring", client.PageRegistration.Reason, StringComparison.Ordinal);
        IoFeature clones = client.Capabilities.Features.Single(static feature => feature.Name is "IORING_REGISTER_CLONE_BUFFERS");
        Assert.False(clones.IsAvailable);
        Assert.Contains("EINVAL", clones.Reason, StringComparison.Ordinal);
    }

    /// <summary>The first clone says that there are clones; a later one is refused.</summary>
    [Fact]
    public void WhereACloneFailsAfterAll_TheLanesRegisterThemselves_AndTheClientSaysWhy()
    {
        RequireClones();
        using TestDevice device = new();
        RefusingCalls calls = new(IoUring.IORING_REGISTER_CLONE_BUFFERS, Errno.EPERM) { Allowed = 2 };
        using DmIoClient client = new(new DmIoOptions { Lanes = Lanes }, new KernelRingSource(calls));
        using PageReservation reservation = client.Reserve(Pages);

        UseEveryLane(client, device);

        Assert.True(client.PageRegistration.IsAvailable, client.PageRegistration.Reason);
        Assert.Contains("EPERM", client.PageRegistration.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void UnderALockLimitForOneRing_EightLanesAndAReactorHaveRegisteredPages()
    {
        RequireClones();
        string limit = (PoolBytes * 3 / 2).ToString(CultureInfo.InvariantCulture);
        LowLockLimit.AssertPasses(typeof(SharedRegistrationTests), nameof(RunUnderALockLimitForOneRing), limit);
    }

    /// <summary>Meaningful only in the process that <see cref="UnderALockLimitForOneRing_EightLanesAndAReactorHaveRegisteredPages"/> starts.</summary>
    [Fact(Explicit = true)]
    public void RunUnderALockLimitForOneRing()
    {
        using TestDevice device = new();
        using DmIoClient client = new(new DmIoOptions { Lanes = Lanes });
        using IoReactor reactor = new(new IoReactorOptions { Pages = client.Pages });
        using PageReservation reservation = client.Reserve(Pages);
        UseEveryLane(client, device);
        Use(reactor, device);
        AssertPinnedOnce(client.PageRegistration, reactor.PageRegistration);
    }

    [Fact]
    public void UnderALockLimit_AReserveThatReplacesAnother_IsRegisteredInEveryLane()
    {
        RequireClones();
        string limit = (PoolBytes * 3 / 2).ToString(CultureInfo.InvariantCulture);
        LowLockLimit.AssertPasses(typeof(SharedRegistrationTests), nameof(RunAReplacementUnderALockLimit), limit);
    }

    /// <summary>Meaningful only in the process that <see cref="UnderALockLimit_AReserveThatReplacesAnother_IsRegisteredInEveryLane"/> starts.</summary>
    [Fact(Explicit = true)]
    public void RunAReplacementUnderALockLimit()
    {
        using TestDevice device = new();
        using (DmIoClient client = new(new DmIoOptions { Lanes = Lanes }))
            Replace(client, device, "pinned once");

        // One ring that registers for itself.
        Assert.True(SpinWait.SpinUntil(static () => Pinned() == 0, Notification.Limit), "Something stays pinned.");
        RefusingCalls calls = new(IoUring.IORING_REGISTER_CLONE_BUFFERS, Errno.EINVAL);
        using (DmIoClient client = new(new DmIoOptions { Lanes = 1 }, new KernelRingSource(calls)))
            Replace(client, device, "by each ring");
    }

    private static void Replace(DmIoClient client, TestDevice device, string how)
    {
        PageReservation reservation = client.Reserve(Pages);
        UseEveryLane(client, device);
        for (int i = 0; i < 20; i++)
        {
            // Lanes may take a turn in between, or not.
            reservation.Dispose();
            reservation = client.Reserve(Pages);
            UseEveryLane(client, device);
            Assert.True(SpinWait.SpinUntil(() => client.PageRegistration.IsAvailable, Notification.Limit), client.PageRegistration.Reason);
            Assert.Contains(how, client.PageRegistration.Reason, StringComparison.Ordinal);
            Assert.True(SpinWait.SpinUntil(static () => Pinned() == PoolBytes, Notification.Limit), $"{Pinned()} bytes are pinned.");
        }

        reservation.Dispose();
    }

    [Fact]
    public void AReactor_OnADisposedPool_IsRefused()
    {
        DmIoClient client = new();
        client.Dispose();
        Assert.Throws<ObjectDisposedException>(() => new IoReactor(new IoReactorOptions { Pages = client.Pages }));
    }

    [Fact]
    public unsafe void AnAbandonedRing_RegistersNothing()
    {
        Require.KernelRing();
        List<RingTeardown> teardowns = [];
        KernelRing ring = new(KernelRingHandle.Create(8, default, null), 8);
        ring.Enable(register: false);
        ring.Abandon(teardowns);

        Assert.Equal(
            (-Errno.ENXIO, -Errno.ENXIO, -Errno.ENXIO, -Errno.ENXIO),
            (ring.RegisterBufferTable(8), ring.RegisterBuffer(0, null, 0), ring.CloneBuffers(0), ring.Enter(0, 0, 0)));
        teardowns.ForEach(static teardown => teardown.Dispose());
    }

    [Fact]
    public void Dispose_LeavesNoRingOpen_AndNothingPinned()
    {
        Require.KernelRing();
        using TestDevice device = new();
        long before = PinnedAtRest();
        int rings = OpenRings();
        for (int i = 0; i < 3; i++)
        {
            using DmIoClient client = new(new DmIoOptions { Lanes = 2 });
            using IoReactor reactor = new(new IoReactorOptions { Pages = client.Pages });
            using PageReservation reservation = client.Reserve(Pages);
            UseEveryLane(client, device);
            Use(reactor, device);
        }

        Assert.Equal(rings, OpenRings());
        Assert.True(SpinWait.SpinUntil(() => Pinned() == before, Notification.Limit), $"{Pinned() - before} bytes stay pinned.");
    }

    [Fact]
    public void ATableThatTheKernelRefuses_LeavesNoDescriptor()
    {
        Require.KernelRing();
        int rings = OpenRings();
        using RegisteredBuffers table = new(new RefusingCalls(IoUring.IORING_REGISTER_BUFFERS2, Errno.ENOMEM));
        Assert.Equal(-Errno.ENOMEM, table.Open(1024));
        Assert.Equal(rings, OpenRings());
    }

    [Fact]
    public void AReserveThatEnds_IsUnpinned_AlsoInLanesThatAreIdle()
    {
        RequireClones();
        using TestDevice device = new();
        long before = PinnedAtRest();
        using DmIoClient client = new(new DmIoOptions { Lanes = Lanes });
        using (client.Reserve(Pages))
            UseEveryLane(client, device);
        Assert.True(SpinWait.SpinUntil(() => Pinned() == before, Notification.Limit), $"{Pinned() - before} bytes stay pinned.");
    }

    [Fact]
    public void AReactorsReserveInAnothersPool_IsItsPagesAndItsOwnRequests()
    {
        Require.KernelRing();
        using DmIoClient client = new();
        using IoReactor reactor = new(new IoReactorOptions { Pages = client.Pages });
        using (PageReservation reservation = reactor.Reserve(64, requests: 5))
        {
            Assert.Equal((64, 5), (reservation.Pages, reservation.Requests));
            Assert.Equal(64, client.Pages.ReservedPages);
            Assert.Same(client.Pages, reactor.Pages);
        }

        Assert.Equal(0, client.Pages.ReservedPages);
    }

    [Fact]
    public void AReactorWhosePoolWasDisposed_GoesOn_AndRentsNothing()
    {
        Require.KernelRing();
        using TestDevice device = new();
        DmIoClient client = new();
        using IoReactor reactor = new(new IoReactorOptions { Pages = client.Pages });
        using PageReservation reservation = reactor.Reserve(64);
        PageList pages = client.Pages.RentPages(8);
        client.Dispose();

        pages[7].Fill(9);
        IoResult result = default;
        reactor.SubmitWrite(device.Region(0, 64), pages, (ended, _) => result = ended);
        reactor.Poll(1);

        Assert.True(result.IsSuccess, result.ToString());
        device.AssertHolds(56, pages[7]);
        pages.Dispose();
        Assert.Throws<ObjectDisposedException>(() => reactor.Pages.RentPages(1));
    }

    /// <summary>Every lane looks at the pool again and again, while extents come and go and pages are written and read back.</summary>
    [Fact]
    public async Task WhileTheReserveGrowsAndShrinks_LanesReadBackWhatTheyWrote()
    {
        Require.KernelRing();
        const int writers = 6;
        const int sectors = 32;
        using TestDevice device = new(folder: "/dev/shm");
        using DmIoClient client = new(new DmIoOptions { Lanes = 4 });
        using PageReservation minimum = client.Reserve(writers * 4);
        using CancellationTokenSource stop = new(TimeSpan.FromSeconds(2));
        Task changes = Task.Run(
            () =>
            {
                for (int i = 0; !stop.IsCancellationRequested; i++)
                {
                    using PageReservation first = client.Reserve(16 + (i % 7 * 40));
                    using PageReservation second = client.Reserve(64);
                    Thread.Sleep(i % 3);
                }
            });
        long[] written = await Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Run(() => WriteAndReadAsync(writer))));
        await changes;
        Assert.All(written, static count => Assert.InRange(count, 1, long.MaxValue));

        async Task<long> WriteAndReadAsync(int writer)
        {
            long count = 0;
            IoRegion region = device.Region(writer * sectors, sectors / 2);
            for (; !stop.IsCancellationRequested; count++)
            {
                using PageList source = await client.Pages.RentPagesAsync(2);
                using PageList target = await client.Pages.RentPagesAsync(2);
                byte[] bytes = Pattern.Bytes(PageList.PageSize, (writer * 1_000_000) + (int)count);
                bytes.CopyTo(source[0]);
                bytes.CopyTo(source[1]);
                IoResult result = await client.WriteAsync(region, source);
                Assert.True(result.IsSuccess, result.ToString());
                result = await client.ReadAsync(region, target);
                Assert.True(result.IsSuccess, result.ToString());
                Assert.True(target[0].SequenceEqual(bytes) && target[1].SequenceEqual(bytes), $"Writer {writer} reads something else after {count} rounds.");
            }

            return count;
        }
    }

    private static void RequireClones()
    {
        Require.KernelRing();
        IoFeature clones = IoCapabilities.Probe().Features.Single(static feature => feature.Name is "IORING_REGISTER_CLONE_BUFFERS");
        Require.That(clones.IsAvailable ? null : clones.Reason);
    }

    private static void AssertPinnedOnce(params IoFeature[] features) => Assert.All(features, static feature =>
    {
        Assert.True(feature.IsAvailable, feature.Reason);
        Assert.Contains("pinned once", feature.Reason, StringComparison.Ordinal);
    });

    /// <summary>Writes and reads back by every lane: requests are dealt out in turn.</summary>
    private static void UseEveryLane(DmIoClient client, TestDevice device)
    {
        for (int i = 0; i < 2 * Lanes; i++)
        {
            using PageList pages = client.Pages.RentPages(4);
            byte[] bytes = Pattern.Bytes(PageList.PageSize, i);
            bytes.CopyTo(pages[3]);
            IoResult result = client.WriteAsync(device.Region(i * 32, 32), pages).AsTask().GetAwaiter().GetResult();
            Assert.True(result.IsSuccess, result.ToString());
            device.AssertHolds((i * 32) + 24, bytes);
        }
    }

    private static void Use(IoReactor reactor, TestDevice device)
    {
        using PageList pages = reactor.Pages.RentPages(1);
        byte[] bytes = Pattern.Bytes(PageList.PageSize, seed: 99);
        device.SetMedium(8, bytes);
        IoResult result = default;
        reactor.SubmitRead(device.Region(8, 8), pages, (ended, _) => result = ended);
        reactor.Poll(1);
        Assert.True(result.IsSuccess, result.ToString());
        Assert.True(pages[0].SequenceEqual(bytes));
    }

    /// <summary>Bytes that are pinned for this process.</summary>
    private static long Pinned()
    {
        string line = File.ReadLines("/proc/self/status").First(static line => line.StartsWith("VmPin:", StringComparison.Ordinal));
        return long.Parse(line.AsSpan(6, line.Length - 8).Trim(), CultureInfo.InvariantCulture) * 1024;
    }

    /// <summary>The same, once the kernel has let go of the rings that earlier tests closed: closing one unpins later (io_ring_exit_work, io_uring/io_uring.c).</summary>
    private static long PinnedAtRest()
    {
        _ = OpenRings();
        SpinWait.SpinUntil(static () => Pinned() == 0, TimeSpan.FromSeconds(5));
        return Pinned();
    }

    private static int OpenRings()
    {
        // Of rings that earlier tests dropped.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return Directory.GetFiles("/proc/self/fd").Count(IsRing);
    }

    /// <summary>A descriptor that was closed since the folder was read is none.</summary>
    private static bool IsRing(string descriptor)
    {
        try
        {
            return File.ResolveLinkTarget(descriptor, returnFinalTarget: false)?.Name is "anon_inode:[io_uring]";
        }
        catch (FileNotFoundException)
        {
            return false;
        }
    }

    /// <summary>The kernel, but for one way to register.</summary>
    private sealed unsafe class RefusingCalls(uint refused, int errno) : RingCalls
    {
        private int _asked;

        /// <summary>How many are let through first.</summary>
        public int Allowed { get; init; }

        public override int Register(int descriptor, uint opcode, void* argument, uint count) =>
            opcode == refused && Interlocked.Increment(ref _asked) > Allowed ? -errno : base.Register(descriptor, opcode, argument, count);
    }
}
