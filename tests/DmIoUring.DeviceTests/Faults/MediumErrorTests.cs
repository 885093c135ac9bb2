using DmIoUring.DeviceTests.Client;
using DmIoUring.Interop;
using DmIoUring.Testing;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Faults;

/// <summary>Bad sectors that come and go below a real block device.</summary>
public sealed class MediumErrorTests
{
    private const MediumOperations Write = MediumOperations.Write;

    /// <summary>What the medium says, what comes out of the loop driver (blk_status_t has no word for the rest), every way.</summary>
    public static TheoryData<CallWay, int, int> Errors
    {
        get
        {
            (int Below, int Above)[] errors =
            [
                (Errno.EIO, Errno.EIO), (Errno.ENOSPC, Errno.ENOSPC), (Errno.ENOMEM, Errno.ENOMEM), (Errno.ETIMEDOUT, Errno.ETIMEDOUT),
                (Errno.ENODATA, Errno.ENODATA), (Errno.EREMOTEIO, Errno.EREMOTEIO), (Errno.EILSEQ, Errno.EILSEQ),
                (Errno.EPERM, Errno.EIO), (Errno.EROFS, Errno.EIO), (Errno.EDQUOT, Errno.EIO),
            ];
            TheoryData<CallWay, int, int> data = [];
            foreach (CallWay way in Ways.AsIssued.Select(static row => row.Data))
            {
                foreach ((int below, int above) in errors)
                    data.Add(way, below, above);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Errors))]
    public void AMediumError_IsTheRegionsBitErrnoAndSector_UntilItIsOver(CallWay way, int below, int above)
    {
        // A host that has no memory answers the same.
        IoFailureCause cause = above == Errno.ENOMEM ? IoFailureCause.Host : IoFailureCause.Device;
        using ClientUnderTest client = new(way);
        using FaultDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        using (device.File.Fail(MediumOperations.Read | Write, below, firstSector: 67, sectors: 1))
        {
            IoResult written = client.Write(device.Region(64, 8), data);
            Assert.Equal(("0b1", "0b0"), (written.Failed.ToString(), written.Unsupported.ToString()));
            Assert.Equal(new IoFailure(0, 64, above, cause), written.First);
            IoResult read = client.Read(device.Region(64, 8), data);
            Assert.Equal(("0b1", "0b0"), (read.Failed.ToString(), read.Unsupported.ToString()));
            Assert.Equal(new IoFailure(0, 64, above, cause), read.First);
            Assert.Equal(-1, data.GetSpan().IndexOfAnyExcept((byte)0));
            Assert.Equal(default, client.Write(device.Region(72, 8), data));
            device.AssertUntouched(64, 8);
        }

        Pattern.Bytes(4096).CopyTo(data.GetSpan());
        Assert.Equal(default, client.Write(device.Region(64, 8), data));
        device.AssertHolds(64, Pattern.Bytes(4096));
        data.GetSpan().Clear();
        Assert.Equal(default, client.Read(device.Region(64, 8), data));
        Assert.True(data.GetSpan().SequenceEqual(Pattern.Bytes(4096)));
    }

    [Theory]
    [MemberData(nameof(Ways.AsIssuedOnAllDevices), MemberType = typeof(Ways))]
    public void OfThreeLegs_OnlyThoseThatFail_HaveTheirBit_WhicheverTheyAre(CallWay way, DeviceKind kind)
    {
        using ClientUnderTest client = new(way, new DmIoOptions { ChunkBytes = 4096 });
        using FaultDevice first = new(kind);
        using FaultDevice second = new(kind);
        using FaultDevice third = new(kind);
        using IoMemory data = Pattern.Memory(64 << 10);
        FaultDevice[] legs = [first, second, third];
        for (int failing = 1; failing < 8; failing++)
        {
            // Leg i has its bad sector at 40 + 8i of the request: in the piece that begins there.
            long start = failing * 128;
            Fault[] faults = [.. Enumerable.Range(0, 3).Where(i => (failing & (1 << i)) != 0)
                .Select(i => legs[i].File.Fail(Write, Errno.EIO, start + 40 + (8 * i) + 5, sectors: 1))];
            IoReport report = new();
            IoResult result = client.Write([.. legs.Select(leg => leg.Region(start, 128))], data, new IoRequestOptions(Report: report));
            Assert.Equal(new RegionBits((ulong)failing), result.Failed);
            Assert.True(result.Unsupported.IsEmpty);
            int lowest = int.TrailingZeroCount(failing);
            Assert.Equal(new IoFailure(lowest, start + 40 + (8 * lowest), Errno.EIO, IoFailureCause.Device), result.First);
            for (int i = 0; i < 3; i++)
            {
                bool fails = (failing & (1 << i)) != 0;
                long bad = start + 40 + (8 * i);
                Assert.Equal(fails ? new IoFailure(i, bad, Errno.EIO, IoFailureCause.Device) : default, report[i]);

                // What could be written was: all of it, or all but the piece with the bad sector.
                legs[i].AssertHolds(start, data.GetSpan()[..(fails ? (int)(bad - start) * 512 : 64 << 10)]);
                if (!fails)
                    continue;
                legs[i].AssertUntouched(bad, 8);
                legs[i].AssertHolds(bad + 8, data.GetSpan()[((int)(bad + 8 - start) * 512)..]);
            }

            Array.ForEach(faults, static fault => fault.Dispose());
        }

        Assert.Equal(default, client.Write([.. legs.Select(static leg => leg.Region(0, 128))], data));
    }

    [Theory]
    [MemberData(nameof(Ways.AsIssued), MemberType = typeof(Ways))]
    public void ALongRead_WithOneBadPiece_KeepsTheRest_AndZeroesThatPiece(CallWay way)
    {
        using ClientUnderTest client = new(way, new DmIoOptions { ChunkBytes = 4096 });
        using FaultDevice device = new();
        byte[] bytes = Pattern.Bytes(64 << 10);
        device.File.Write(0, bytes);
        using IoMemory data = Pattern.Memory(64 << 10, seed: 2);
        using Fault fault = device.File.Fail(MediumOperations.Read, Errno.EIO, firstSector: 50, sectors: 1);
        IoResult result = client.Read(device.Region(0, 128), data);
        Assert.Equal("0b1", result.Failed.ToString());
        Assert.Equal(new IoFailure(0, 48, Errno.EIO, IoFailureCause.Device), result.First);
        bytes.AsSpan(48 * 512, 4096).Clear();
        Assert.True(data.GetSpan().SequenceEqual(bytes));
    }

    [Theory]
    [MemberData(nameof(Ways.AsIssued), MemberType = typeof(Ways))]
    public void PiecesThatTheKernelJoined_FailTogether_AndNoneTooMany(CallWay way)
    {
        using ClientUnderTest client = new(way, new DmIoOptions { ChunkBytes = 4096 });
        using FaultDevice device = new(merges: true);
        using FaultDevice sibling = new(merges: true);
        using IoMemory data = Pattern.Memory(64 << 10);
        using Fault fault = device.File.Fail(Write, Errno.EIO, firstSector: 50, sectors: 1);
        IoResult result = client.Write([device.Region(0, 128), sibling.Region(0, 128)], data);
        Assert.Equal("0b1", result.Failed.ToString());
        Assert.Equal((0, Errno.EIO, IoFailureCause.Device), (result.First.Region, result.First.Errno, result.First.Cause));

        // The log says what the kernel made of sixteen pieces; the report has the first of those that it failed.
        MediumRequest failed = Assert.Single(device.Changes(), static request => request.Errno != 0);
        Assert.Equal(failed.Sector, result.First.Sector);
        Assert.InRange(50, failed.Sector, failed.Sector + (failed.Length / 512) - 1);
        device.AssertHolds(0, data.GetSpan()[..((int)failed.Sector * 512)]);
        sibling.AssertHolds(0, data.GetSpan());
    }

    [Theory]
    [InlineData(Errno.EAGAIN)]
    [InlineData(Errno.EOPNOTSUPP)]
    public void WhatTheKernelItselfTriesAgain_IsNotSeen(int errno)
    {
        // EAGAIN by the block layer, EOPNOTSUPP by io_uring, which takes it for "not without blocking" (io_write, io_uring/rw.c).
        foreach (CallWay way in (CallWay[])[CallWay.Sync, CallWay.SyncOnLane, CallWay.Callback, CallWay.Awaited])
        {
            using ClientUnderTest client = new(way);
            using FaultDevice device = new();
            using FaultDevice sibling = new();
            using IoMemory data = Pattern.Memory(4096);
            using Fault fault = device.File.Fail(Write, errno, times: 3);
            Assert.Equal(default, client.Write([device.Region(8, 8), sibling.Region(8, 8)], data));
            Assert.Equal(3, fault.Hits);
            device.AssertHolds(8, data.GetSpan());
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task SwitchedOnAndOffUnderLoad_ItFailsExactlyTheRequestsThatItStruck(int lanes)
    {
        const int depth = 16;
        const int rounds = 60;
        await using DmIoClient client = new(new DmIoOptions { Lanes = lanes });
        using FaultDevice first = new();
        using FaultDevice second = new();
        using IoMemory data = Pattern.Memory(4096);

        // 8 sectors in 64: no two requests can become one on their way.
        Task<(int Failed, int Odd)>[] writers = [.. Enumerable.Range(0, depth).Select(i => Task.Run(() => WriteAsync(i)))];
        int hits = 0;
        Task all = Task.WhenAll(writers);
        while (!all.IsCompleted)
        {
            using Fault fault = second.File.Fail(Write, Errno.EIO, firstSector: 0, sectors: 64 * depth / 2);
            await Task.Delay(1);
            fault.Dispose();
            hits += fault.Hits;
        }

        (int Failed, int Odd)[] counts = await Task.WhenAll(writers).WaitAsync(Notification.Limit);
        Assert.Equal(0, counts.Sum(static count => count.Odd));
        Assert.Equal(hits, counts.Sum(static count => count.Failed));
        Assert.Equal(default, await client.WriteAsync([first.Region(0, 8), second.Region(0, 8)], data));

        async Task<(int Failed, int Odd)> WriteAsync(int index)
        {
            int failed = 0, odd = 0;
            for (int round = 0; round < rounds; round++)
            {
                IoResult result = await client.WriteAsync([first.Region(index * 64, 8), second.Region(index * 64, 8)], data);
                if (result.IsSuccess)
                    continue;
                failed++;
                if (result.Failed.Value != 2 || result.First != new IoFailure(1, index * 64, Errno.EIO, IoFailureCause.Device))
                    odd++;
            }

            return (failed, odd);
        }
    }
}
