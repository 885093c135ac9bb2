using System.Globalization;

namespace DmIoUring.KernelTests;

/// <summary>Three legs of one request: sound, odd, sound.</summary>
internal sealed class ThreeLegs : IDisposable
{
    /// <summary>The odd one's bit.</summary>
    public const ulong Odd = 0b010;

    private readonly Requester _requester;
    private readonly BlockDevice[] _devices;
    private readonly Medium _left;
    private readonly Medium _right;

    /// <summary>Opens them.</summary>
    /// <param name="way">How requests are made.</param>
    /// <param name="odd">The device between the sound ones.</param>
    public ThreeLegs(Way way, string odd)
    {
        // First: where there is no io_uring it throws, and a device that stays open could not be removed.
        _requester = new Requester(way);
        _left = new Medium();
        _right = new Medium();
        _devices = [BlockDevice.Open(_left.Loop.Path), BlockDevice.Open(odd), BlockDevice.Open(_right.Loop.Path)];
    }

    public IoReport Report { get; } = new();

    public BlockDevice Middle => _devices[1];

    /// <summary>The bits of the devices that discard nothing, as loop devices of 5.10.</summary>
    public ulong WithoutDiscard =>
        _devices.Index().Aggregate(0ul, static (bits, leg) => bits | (leg.Item.ReadAbilities().MaxDiscardBytes == 0 ? 1ul << leg.Index : 0));

    public IoResult Write(long sector, IoMemory data, IoFlags flags = IoFlags.None) =>
        _requester.Write(Regions(sector, data.Length / 512), data, new IoRequestOptions(flags, Report: Report));

    public IoResult Flush() => _requester.Flush(Regions(0, 0));

    public IoResult Discard(long sector, long count) => _requester.Discard(Regions(sector, count));

    public IoResult WriteZeroes(long sector, long count) => _requester.WriteZeroes(Regions(sector, count));

    public IoResult ReadMiddle(long sector, IoMemory into) => _requester.Read(new IoRegion(Middle, sector, into.Length / 512), into);

    /// <summary>Asserts that a write failed on the odd leg with EIO at or before a sector, and is whole on the others.</summary>
    public void AssertOnlyTheMiddleFailed(IoResult result, long sector, IoMemory data, long badSector)
    {
        AssertFailed(result, Odd, sector, badSector);
        Assert.Equal(1, result.First.Region);
        Assert.Equal((0, 5, 0), (Report[0].Errno, Report[1].Errno, Report[2].Errno));
        AssertSoundLegsHold(sector, data.GetSpan());
    }

    public static void AssertFailed(IoResult result, ulong bits, long first, long badSector)
    {
        Assert.Equal((bits, 0ul), (result.Failed.Value, result.Unsupported.Value));
        Assert.Equal("EIO", result.First.ErrnoName);
        Assert.True(
            result.First.Sector >= first && result.First.Sector <= badSector,
            string.Create(CultureInfo.InvariantCulture, $"The failure is told of sector {result.First.Sector}, and lies at {badSector} of a transfer from {first} on."));
    }

    public void AssertSoundLegsHold(long sector, ReadOnlySpan<byte> data)
    {
        _left.AssertHolds(sector, data);
        _right.AssertHolds(sector, data);
    }

    public void Dispose()
    {
        _requester.Dispose();
        foreach (BlockDevice device in _devices)
            device.Dispose();
        _left.Dispose();
        _right.Dispose();
    }

    private IoRegion[] Regions(long sector, long count) => [.. _devices.Select(device => new IoRegion(device, sector, count))];
}
