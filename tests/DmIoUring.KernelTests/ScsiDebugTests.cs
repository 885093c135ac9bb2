using System.Globalization;

namespace DmIoUring.KernelTests;

/// <summary>A SCSI disk as one leg of three.</summary>
public sealed class ScsiDebugTests
{
    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void AMediumError_IsReportedAsTheKernels_UntilItIsRepaired(Way way)
    {
        using ThreeLegs legs = new(way, ScsiDebug.Require());
        using IoMemory data = Data.Memory(64 << 10, 1);
        byte[] written = data.GetSpan().ToArray();
        const long Sector = ScsiDebug.FirstBadSector - 52;
        Assert.Equal(default, legs.Write(Sector, data, IoFlags.Preflush | IoFlags.Fua));
        legs.AssertSoundLegsHold(Sector, written);
        using (ScsiDebug.BreakMedium())
        {
            IoResult read = legs.ReadMiddle(Sector, data);
            Assert.Equal((1ul, 0ul), (read.Failed.Value, read.Unsupported.Value));

            // BLK_STS_MEDIUM (block/blk-core.c).
            Assert.Equal("ENODATA", read.First.ErrnoName);
            Assert.InRange(read.First.Sector, Sector, ScsiDebug.FirstBadSector);
        }

        Assert.Equal(default, legs.ReadMiddle(Sector, data));
        Data.AssertSame(written, data.GetSpan(), "what was read");
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void AnAtomicWrite_IsDone_OrUnsupportedOnTheOtherLegs(Way way)
    {
        string path = ScsiDebug.Require();
        int least = Limit(path, "min");
        int most = Limit(path, "max");
        if (most == 0)
            Assert.Skip("this kernel's scsi_debug has no atomic writes");
        using ThreeLegs legs = new(way, path);
        for (int bytes = 512; bytes <= most; bytes *= 2)
        {
            using IoMemory data = Data.Memory(bytes, bytes);
            IoResult result = legs.Write(0, data, IoFlags.Atomic);
            Assert.Equal((bytes, 0ul, bytes < least ? 0b111ul : 0b101ul), (bytes, result.Failed.Value, result.Unsupported.Value));
            if (bytes < least)
                continue;
            using IoMemory read = IoMemory.Allocate(bytes);
            Assert.Equal(default, legs.ReadMiddle(0, read));
            Data.AssertSame(data.GetSpan(), read.GetSpan(), "what was written atomically");
        }

        // Off its own size, and past the device's largest: nowhere.
        using IoMemory off = Data.Memory(8192, 1);
        Assert.Equal(0b111ul, legs.Write(8, off, IoFlags.Atomic).Unsupported.Value);
        using IoMemory large = IoMemory.Allocate(most * 2);
        Assert.Equal(0b111ul, legs.Write(0, large, IoFlags.Atomic).Unsupported.Value);
    }

    /// <summary>Bytes; 0 where the kernel has no such thing.</summary>
    private static int Limit(string path, string which)
    {
        string file = $"/sys/block/{Path.GetFileName(path)}/queue/atomic_write_unit_{which}_bytes";
        return File.Exists(file) ? int.Parse(File.ReadAllText(file), CultureInfo.InvariantCulture) : 0;
    }
}
