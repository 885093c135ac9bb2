using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Client;

/// <summary>
/// What is refused by an exception: the message has the values, nothing is written, and there is no callback (which
/// <see cref="ClientUnderTest"/> asserts).
/// </summary>
public sealed class MisuseTests
{
    private const long LastSector = long.MaxValue / 512;

    /// <summary>Every way in, on a client that has met no device yet and on one that has: the fast path is for the second only.</summary>
    public static TheoryData<CallWay, bool> WaysColdAndWarm
    {
        get
        {
            TheoryData<CallWay, bool> data = [];
            foreach (CallWay way in Ways.Calls)
            {
                data.Add(way, false);
                data.Add(way, true);
            }

            return data;
        }
    }

    public static TheoryData<CallWay, bool, long, long, string> ImpossibleRegions
    {
        get
        {
            TheoryData<CallWay, bool, long, long, string> data = [];
            foreach ((CallWay way, bool warm) in WaysColdAndWarm.Select(static row => row.Data))
            {
                data.Add(way, warm, -1, 8, "Region 1 is sectors -1+8");
                data.Add(way, warm, 8, -1, "Region 1 is sectors 8+-1");
                data.Add(way, warm, long.MinValue, long.MinValue, "Region 1 is sectors -9223372036854775808+-9223372036854775808");
                data.Add(way, warm, LastSector, 1, "Region 1 is sectors 18014398509481983+1");
                data.Add(way, warm, long.MaxValue, 1, "Region 1 is sectors 9223372036854775807+1");
                data.Add(way, warm, 1, long.MaxValue, "Region 1 is sectors 1+9223372036854775807");
                data.Add(way, warm, long.MaxValue, long.MaxValue, "Region 1 is sectors 9223372036854775807+9223372036854775807");
                data.Add(way, warm, 0, 9, "Region 1 takes 9 sectors (4608 bytes) from byte 0 on and the buffer has 4096 bytes");
                data.Add(way, warm, 0, LastSector, "Region 1 takes 18014398509481983 sectors (9223372036854775296 bytes) from byte 0 on and the buffer has 4096 bytes");
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(WaysColdAndWarm))]
    public void NoRegion_IsRefused(CallWay way, bool warm)
    {
        using ClientUnderTest client = new(way);
        using TestDevice device = new(DeviceKind.File);
        Warm(client, device, warm);
        using IoMemory data = Pattern.Memory(4096);
        ArgumentException refused = Assert.Throws<ArgumentException>(() => client.Write([], data));
        AssertSays(refused, "regions", "names 0 regions; give it 1 to 64");
    }

    [Theory]
    [MemberData(nameof(WaysColdAndWarm))]
    public void SixtyFiveRegions_AreRefused_AndNoneIsWritten(CallWay way, bool warm)
    {
        using ClientUnderTest client = new(way);
        using TestDevice device = new();
        Warm(client, device, warm);
        using IoMemory data = Pattern.Memory(4096);
        IoRegion[] regions = [.. Enumerable.Range(0, 65).Select(i => device.Region(i * 8, 8))];
        ArgumentException refused = Assert.Throws<ArgumentException>(() => client.Write(regions, data));
        AssertSays(refused, "regions", "names 65 regions; give it 1 to 64");
        device.AssertUntouched();
    }

    [Theory]
    [MemberData(nameof(ImpossibleRegions))]
    public void AnImpossibleRegion_IsRefused_AndItsSiblingIsNotWritten(CallWay way, bool warm, long sector, long count, string message)
    {
        using ClientUnderTest client = new(way);
        using TestDevice device = new();
        Warm(client, device, warm);
        using IoMemory data = Pattern.Memory(4096);
        ArgumentException refused = Assert.Throws<ArgumentException>(
            () => client.Write([device.Region(0, 8), device.Region(sector, count)], data));
        Assert.Contains(message, refused.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => client.Read(device.Region(sector, count), data));
        Assert.Throws<ArgumentException>(() => client.Write(device.Region(sector, count), data));
        Assert.True(data.GetSpan().SequenceEqual(Pattern.Bytes(4096)));
        device.AssertUntouched();
    }

    [Theory]
    [MemberData(nameof(WaysColdAndWarm))]
    public void ARegionWithoutADevice_IsRefused(CallWay way, bool warm)
    {
        using ClientUnderTest client = new(way);
        using TestDevice device = new();
        Warm(client, device, warm);
        using IoMemory data = Pattern.Memory(4096);
        ArgumentException refused = Assert.Throws<ArgumentException>(() => client.Write([device.Region(0, 8), default], data));
        AssertSays(refused, "regions", "Region 1 has no device");
        Assert.Throws<ArgumentException>(() => client.Read(default, data));
        device.AssertUntouched();
    }

    [Theory]
    [MemberData(nameof(WaysColdAndWarm))]
    public void AReadIntoReadOnlyMemory_IsRefused(CallWay way, bool warm)
    {
        using ClientUnderTest client = new(way);
        using TestDevice device = new(DeviceKind.File);
        Warm(client, device, warm);
        byte[] bytes = new byte[4096];
        ArgumentException refused = Assert.Throws<ArgumentException>(() => client.Read(device.Region(0, 8), (ReadOnlyMemory<byte>)bytes));
        AssertSays(refused, "buffer", "read-only memory");
        Assert.Equal(new byte[4096], bytes);
    }

    [Fact]
    public void ACallbackOfNull_IsRefused_AndNothingIsWritten()
    {
        using DmIoClient client = new();
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        IoRegion region = device.Region(0, 8);
        IoRegion[] regions = [region];
        Assert.Equal("notify", Assert.Throws<ArgumentNullException>(() => client.SubmitWrite(region, data, null!)).ParamName);
        Assert.Equal("notify", Assert.Throws<ArgumentNullException>(() => client.SubmitWrite(regions, data, null!)).ParamName);
        Assert.Equal("notify", Assert.Throws<ArgumentNullException>(() => client.SubmitRead(region, data, null!)).ParamName);
        client.Dispose();
        device.AssertUntouched();
    }

    [Theory]
    [MemberData(nameof(WaysColdAndWarm))]
    public void ADisposedClient_RefusesEverything_AndNothingIsWritten(CallWay way, bool warm)
    {
        using ClientUnderTest client = new(way);
        using TestDevice device = new();
        Warm(client, device, warm);
        using IoMemory data = Pattern.Memory(4096);
        client.End();
        Assert.Throws<ObjectDisposedException>(() => client.Write([device.Region(0, 8)], data));
        Assert.Throws<ObjectDisposedException>(() => client.Write(device.Region(0, 8), data));
        Assert.Throws<ObjectDisposedException>(() => client.Read(device.Region(0, 8), data));
        device.AssertUntouched();
    }

    [Theory]
    [MemberData(nameof(WaysColdAndWarm))]
    public void ADisposedDevice_IsRefused_AndItsSiblingIsNotWritten(CallWay way, bool warm)
    {
        using ClientUnderTest client = new(way);
        using TestDevice device = new();
        Warm(client, device, warm);
        using TestDevice disposed = new();
        using IoMemory data = Pattern.Memory(4096);
        disposed.Device.Dispose();
        Assert.Throws<ObjectDisposedException>(() => client.Write([device.Region(0, 8), disposed.Region(0, 8)], data));
        Assert.Throws<ObjectDisposedException>(() => client.Write(disposed.Region(0, 8), data));
        Assert.Throws<ObjectDisposedException>(() => client.Read(disposed.Region(0, 8), data));
        device.AssertUntouched();
        disposed.AssertUntouched();

        // The client is none the worse for it.
        Assert.Equal(default, client.Write(device.Region(0, 8), data));
    }

    [Theory]
    [MemberData(nameof(WaysColdAndWarm))]
    public void DisposedMemory_IsRefused(CallWay way, bool warm)
    {
        using ClientUnderTest client = new(way);
        using TestDevice device = new();
        Warm(client, device, warm);
        IoMemory data = Pattern.Memory(4096);
        data.Dispose();
        Assert.Throws<ObjectDisposedException>(() => client.Write(device.Region(0, 8), data));
        Assert.Throws<ObjectDisposedException>(() => client.Write(device.Region(0, 8), data.Memory));
        device.AssertUntouched();
    }

    [Fact]
    public void BadOptions_AreRefused_BeforeAnythingStarts() =>
        Assert.Equal("Lanes", Assert.Throws<ArgumentOutOfRangeException>(() => new DmIoClient(new DmIoOptions { Lanes = 0 })).ParamName);

    [Fact]
    public unsafe void MemoryThatIsGone_IsRefused_OfARequestOfTheFastPathInItsLifeBefore_Too()
    {
        using DmIoClient client = new();
        using TestDevice device = new(DeviceKind.File);
        using IoMemory data = Pattern.Memory(4096);
        using PageReservation one = client.Reserve(1);
        IoBuffer plain = IoBuffer.Contiguous(data.Pointer, 4096);
        IoMemory gone = IoMemory.Allocate(4096);
        IoBuffer buffer = gone;
        gone.Dispose();
        for (int i = 0; i < 3; i++)
        {
            Notification straight = new();
            client.SubmitRead(device.Region(0, 8), plain, (_, _) => client.SubmitRead(device.Region(0, 8), plain, Notification.Arrived, straight));
            Assert.Equal(default, straight.Wait());
            Assert.Throws<ObjectDisposedException>(() => client.SubmitWrite(device.Region(0, 8), buffer, Notification.Arrived));
        }

        device.AssertUntouched();
    }

    private static void Warm(ClientUnderTest client, TestDevice device, bool warm)
    {
        if (warm)
            client.Warm(device.Device);
    }

    private static void AssertSays(ArgumentException refused, string parameter, params ReadOnlySpan<string> parts)
    {
        Assert.Equal(parameter, refused.ParamName);
        foreach (string part in parts)
            Assert.Contains(part, refused.Message, StringComparison.Ordinal);
    }
}
