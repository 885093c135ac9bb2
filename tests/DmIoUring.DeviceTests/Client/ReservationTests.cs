using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Client;

/// <summary>What is reserved, what it counts, and what can't be.</summary>
public sealed class ReservationTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(long.MaxValue)]
    public void AReserveOfNothing_OrOfMoreThanThereIs_IsRefused_WithTheValue(long pages)
    {
        using DmIoClient client = new();
        ArgumentOutOfRangeException refused = Assert.Throws<ArgumentOutOfRangeException>(() => client.Reserve(pages));
        Assert.Equal(pages, refused.ActualValue);
        Assert.Equal(0, client.Pages.ReservedPages);
    }

    [Fact]
    public void AReservation_DisposedTwice_CountsOnce()
    {
        using DmIoClient client = new();
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        PageReservation one = client.Reserve(1);
        using (client.Reserve(2))
        {
            one.Dispose();
            one.Dispose();
            Assert.Equal(2, client.Pages.ReservedPages);
        }

        Assert.Equal(0, client.Pages.ReservedPages);
        ValueTask<IoResult>[] tasks = [.. Enumerable.Range(0, 100).Select(i => client.WriteAsync(device.Region(i * 8, 8), data))];
        foreach (ValueTask<IoResult> task in tasks)
            Assert.Equal(default, task.AsTask().GetAwaiter().GetResult());
    }

    [Fact]
    public async Task PagesAndRequests_AreReservedApart_AndTheReservationTellsBoth()
    {
        await using DmIoClient client = new(new DmIoOptions { QueueDepth = 2 });
        using IoReactor reactor = new(new IoReactorOptions { QueueDepth = 4096 });
        PageReservation[] reservations =
        [
            client.Reserve(3), client.Reserve(5000), client.Reserve(7, 2), client.Reserve(0, 9), client.Reserve(11, 0),
            await client.ReserveAsync(3, TestContext.Current.CancellationToken), await client.ReserveAsync(7, 2, TestContext.Current.CancellationToken),
            client.Pages.Reserve(3), reactor.Reserve(9000), reactor.Reserve(1, 2),
        ];
        Assert.Equal(
            [(3, 3), (5000, 4096), (7, 2), (0, 9), (11, 0), (3, 3), (7, 2), (3, 3), (9000, 8192), (1, 2)],
            reservations.Select(static one => (one.Pages, one.Requests)));
        Assert.Equal((5034, 9001), (client.Pages.ReservedPages, reactor.Pages.ReservedPages));
        Array.ForEach(reservations, static one => one.Dispose());
        Assert.Equal((0, 0), (client.Pages.ReservedPages, reactor.Pages.ReservedPages));
    }

    [Theory]
    [InlineData(0, 2, 2)]
    [InlineData(64, 2, 2)]
    [InlineData(2, 5, 5)]
    [InlineData(4, 0, 100)]
    public void ReservedRequests_AreAllThereAre_WithoutAnyAsManyAsNeeded(long pages, int requests, int submitted)
    {
        using DmIoClient client = new(new DmIoOptions { QueueDepth = 4 });
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        using PageReservation reservation = client.Reserve(pages, requests);
        using CountdownEvent left = new(submitted - (requests > 0 ? 1 : 0));
        using (HeldLane lane = new(client, device.Region(0, 8), data))
        {
            int taken = 0;
            while (taken < 100 && client.TrySubmitWrite([device.Region(0, 8)], data, (_, _) => left.Signal()))
                taken++;

            // One is the held lane's.
            Assert.Equal(left.InitialCount, taken);
        }

        Assert.True(left.Wait(Notification.Limit));
    }

    [Theory]
    [InlineData(0, 0, "pages")]
    [InlineData(-1, 5, "pages")]
    [InlineData((1L << 28) + 1, 5, "pages")]
    [InlineData(5, -1, "requests")]
    [InlineData(0, int.MinValue, "requests")]
    public async Task ReserveOfNothing_OrOfLess_IsRefused(long pages, int requests, string parameter)
    {
        await using DmIoClient client = new();
        using IoReactor reactor = new();
        Assert.Equal(parameter, Assert.Throws<ArgumentOutOfRangeException>(() => client.Reserve(pages, requests)).ParamName);
        Assert.Equal(parameter, Assert.Throws<ArgumentOutOfRangeException>(() => reactor.Reserve(pages, requests)).ParamName);
        Assert.Equal(parameter, (await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            async () => await client.ReserveAsync(pages, requests, TestContext.Current.CancellationToken))).ParamName);
    }

    [Fact]
    public async Task MoreRequestsThanThereCanBe_AreRefused_AndNothingHasChanged()
    {
        await using DmIoClient client = new();
        using PageReservation some = client.Reserve(1, 1);
        Assert.Throws<InvalidOperationException>(() => client.Reserve(100, 1 << 20));
        await Assert.ThrowsAsync<InvalidOperationException>(
            async () => await client.ReserveAsync(100, int.MaxValue, TestContext.Current.CancellationToken));
        Assert.Equal(1, client.Pages.ReservedPages);
        using PageReservation more = client.Reserve(100, 3);
    }

    /// <summary>The figure of docs/regions-and-buffers.md.</summary>
    [Fact]
    public void ReservedRequest_TakesSome490Bytes()
    {
        using DmIoClient client = new();
        client.Reserve(1, 1).Dispose();
        long before = GC.GetAllocatedBytesForCurrentThread();
        using PageReservation requests = client.Reserve(0, 10_000);
        double bytes = (GC.GetAllocatedBytesForCurrentThread() - before) / 10_000.0;
        TestContext.Current.TestOutputHelper!.WriteLine($"{bytes} bytes a request");
        Assert.InRange(bytes, 450, 510);
    }
}
