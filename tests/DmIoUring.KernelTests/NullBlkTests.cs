namespace DmIoUring.KernelTests;

/// <summary>null_blk as one leg of three, with sectors that fail whatever touches them.</summary>
public sealed class NullBlkTests
{
    private const long FirstBad = 1000;
    private const long LastBad = 1007;

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void BadSectors_SetTheLegsBit_UntilTheyAreMended(Way way)
    {
        using NullBlock device = new(FirstBad, LastBad);
        using ThreeLegs legs = new(way, device.Path);
        using IoMemory data = Data.Memory(32 << 10, 1);
        byte[] written = data.GetSpan().ToArray();

        legs.AssertOnlyTheMiddleFailed(legs.Write(FirstBad - 32, data), FirstBad - 32, data, FirstBad);
        ThreeLegs.AssertFailed(legs.ReadMiddle(FirstBad - 32, data), 1, FirstBad - 32, FirstBad);
        Assert.False(data.GetSpan()[(32 * 512)..].ContainsAnyExcept((byte)0), "A failed piece is filled with zeroes from the failure on.");

        written.CopyTo(data.GetSpan());
        Assert.Equal(default, legs.Write(FirstBad - 64, data));
        Assert.Equal(default, legs.Write(LastBad + 1, data));
        device.Mend(FirstBad, LastBad);
        Assert.Equal(default, legs.Write(FirstBad - 32, data, IoFlags.Preflush | IoFlags.Fua));
        data.GetSpan().Clear();
        Assert.Equal(default, legs.ReadMiddle(FirstBad - 32, data));
        Data.AssertSame(written, data.GetSpan(), "what was read");
    }
}
