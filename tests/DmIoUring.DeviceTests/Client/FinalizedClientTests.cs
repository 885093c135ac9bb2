using System.Runtime.CompilerServices;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Client;

/// <summary>Clients that nobody disposes.</summary>
[Collection(AloneCollection.Name)]
public sealed class FinalizedClientTests
{
    [Theory]
    [InlineData(IoRingKind.IoUring)]
    [InlineData(IoRingKind.Workers)]
    public void AClientThatNobodyCanReach_EndsItsLanes_AfterWhatIsUnderWay(IoRingKind ring)
    {
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(64 << 10);
        int ended = 0;
        AssertNoLanes();
        Abandon(ring, device, data, () => Interlocked.Increment(ref ended));
        AssertNoLanes();
        Assert.Equal(64, Volatile.Read(ref ended));
        for (int i = 0; i < 16; i++)
            device.AssertHolds(i * 128, data.GetSpan());
    }

    [Fact]
    public void AClientWhosePoolIsInUse_StaysAlive()
    {
        AssertNoLanes();
        PageMemoryPool pages = AbandonAllButThePool();
        Collect();
        Assert.Equal(1, Lanes());
        pages.RentPages(2).Dispose();
        GC.KeepAlive(pages);
    }

    [Fact]
    public void AClientThatItsOwnerDisposesInAFinalizer_Ends()
    {
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        AssertNoLanes();
        AbandonOwner(device, data);
        AssertNoLanes();
        device.AssertHolds(0, data.GetSpan());
    }

    [Fact]
    public void AClientWhoseConstructorThrew_IsFinalizedWithoutHarm()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new DmIoClient(new DmIoOptions { Lanes = 0 }));
        Collect();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Abandon(IoRingKind ring, TestDevice device, IoMemory data, Action ended)
    {
        DmIoClient client = new(new DmIoOptions { Ring = ring, Lanes = 2, QueueDepth = 4 });
        IoRegion[] both = [device.Region(0, 128), device.Region(128, 128)];
        Assert.Equal(default, client.Write(both, data));
        for (int i = 0; i < 64; i++)
            client.SubmitWrite(device.Region(i % 16 * 128, 128), data, (_, _) => ended());
        _ = client.Reserve(8);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static PageMemoryPool AbandonAllButThePool()
    {
        DmIoClient client = new();
        client.Reserve(4);
        return client.Pages;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void AbandonOwner(TestDevice device, IoMemory data) => _ = new Owner(device, data);

    /// <summary>Clients that the tests before left go too; a thread whose client has ended is seen for a moment longer.</summary>
    private static void AssertNoLanes() => Assert.True(
        SpinWait.SpinUntil(
            static () =>
            {
                Collect();
                return Lanes() == 0;
            },
            Notification.Limit),
        "There are lanes that do not end.");

    private static void Collect()
    {
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }

    private static int Lanes() => ProcessThreads.Count("dmio lane");

#pragma warning disable CA1001, MA0055 // What an owner must not do, some do.
    private sealed class Owner
    {
        private readonly DmIoClient _client = new();

        public Owner(TestDevice device, IoMemory data) => _client.SubmitWrite(device.Region(0, 8), data, static (_, _) => { });

        ~Owner() => _client.Dispose();
    }
#pragma warning restore CA1001, MA0055
}
