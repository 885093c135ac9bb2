using DmIoUring.DeviceTests.Client;
using DmIoUring.Engine;
using DmIoUring.Interop;
using DmIoUring.Testing;
using DmIoUring.TestSupport;

namespace DmIoUring.UnitTests.Simulated;

/// <summary>What a power cut leaves, and what it does to requests.</summary>
public sealed class SimulatedPowerCutTests
{
    public static TheoryData<CallWay> Ways => SimulatedBench.Ways;

    [Theory]
    [MemberData(nameof(Ways))]
    public void WhatWasFlushed_IsThere_AndOfTheRestAny(CallWay way)
    {
        HashSet<int> lost = [];
        for (int seed = 0; seed < 20; seed++)
        {
            using SimulatedBench bench = new(seed: seed);
            using ClientUnderTest client = bench.NewClient(way);
            using IoMemory data = Pattern.Memory(64 << 10);
            Assert.Equal(default, client.Write(bench.Region(0, 128), data));
            Assert.Equal(default, client.Maintain(IoOperation.Flush, bench.Region(0, 0)));
            Assert.Equal(default, client.Write(bench.Region(128, 128), data));
            PowerLoss loss = bench.Simulation.CutPower();
            Assert.Equal(128, loss.Lost + loss.Kept);
            Assert.Equal(loss, bench.Disk.LastPowerLoss);
            lost.Add(loss.Lost);

            Assert.False(bench.Simulation.HasPower);
            Assert.Equal(new IoFailure(0, 0, Errno.EIO, IoFailureCause.Device), client.Write(bench.Region(0, 8), data).First);
            Assert.Equal(new IoFailure(0, 0, Errno.EIO, IoFailureCause.Device), client.Read(bench.Region(0, 8), data).First);
            bench.Simulation.RestorePower();

            Pattern.Bytes(64 << 10).CopyTo(data.GetSpan());
            Assert.True(data.GetSpan().SequenceEqual(bench.Disk.Read(0, 128)));
            byte[] rest = bench.Disk.Read(128, 128);
            int kept = Enumerable.Range(0, 128).Count(i => data.GetSpan().Slice(i * 512, 512).SequenceEqual(rest.AsSpan(i * 512, 512)));
            Assert.Equal(loss.Kept, kept);
            Assert.Equal(default, client.Read(bench.Region(128, 128), data));
            Assert.True(data.GetSpan().SequenceEqual(rest));
        }

        Assert.Contains(0, lost);
        Assert.Contains(128, lost);
        Assert.Contains(lost, static count => count is > 0 and < 128);
    }

    /// <summary>What a disk writes whole, it keeps whole: the logical block, or less where it is told so.</summary>
    [Theory]
    [InlineData(0, false)]
    [InlineData(512, true)]
    public void ABlock_TearsOnlyWhereItIsToldTo(int unit, bool tears)
    {
        bool torn = false;
        for (int seed = 0; seed < 40; seed++)
        {
            using SimulatedBench bench = new(new SimulatedDiskOptions { LogicalBlockSize = 4096, TornUnit = unit }, seed);
            using DmIoClient client = bench.Simulation.CreateClient();
            using IoMemory data = Pattern.Memory(64 << 10);
            Assert.True(client.Write(bench.Region(0, 128), data).IsSuccess);
            bench.Disk.CutPower();
            for (int block = 0; block < 16; block++)
            {
                byte[] left = bench.Disk.Read(block * 8, 8);
                bool isWhole = !left.AsSpan().ContainsAnyExcept((byte)0) || data.GetSpan().Slice(block * 4096, 4096).SequenceEqual(left);
                torn |= !isWhole;
            }
        }

        Assert.Equal(tears, torn);
    }

    /// <summary>The drive may have written it at any time.</summary>
    [Fact]
    public void ASectorThatWasWrittenSeveralTimes_IsLeftAsAnyOfThem()
    {
        HashSet<byte> left = [];
        for (int seed = 0; seed < 100; seed++)
        {
            using SimulatedBench bench = new(seed: seed);
            using DmIoClient client = bench.Simulation.CreateClient();
            using IoMemory data = IoMemory.Allocate(512);
            for (byte value = 1; value <= 4; value++)
            {
                data.GetSpan().Fill(value);
                Assert.True(client.Write(bench.Region(0, 1), data).IsSuccess);
                if (value == 2)
                    Assert.True(client.Flush(bench.Region(0, 0)).IsSuccess);
            }

            bench.Disk.CutPower();
            left.Add(bench.Disk.Read(0, 1)[0]);
        }

        Assert.Equal((byte[])[2, 3, 4], left.Order());
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void CutAfterEachRequest_ExactlySoManyAreAcknowledged(CallWay way)
    {
        for (int after = 0; after < 6; after++)
        {
            using SimulatedBench bench = new(seed: after);
            using ClientUnderTest client = bench.NewClient(way);
            using IoMemory data = Pattern.Memory(512);
            bench.Simulation.CutPowerAfter(after, MediumOperations.Changes);
            int acknowledged = 0;
            for (int i = 0; i < 5; i++)
            {
                _ = client.Read(bench.Region(0, 1), data);
                acknowledged += client.Write(bench.Region(i, 1), data, IoFlags.Fua).IsSuccess ? 1 : 0;
            }

            Assert.Equal(Math.Min(after, 5), acknowledged);
            Assert.Equal(after >= 5, bench.Simulation.HasPower);
            bench.Simulation.RestorePower();
            Assert.Equal(default, client.Write(bench.Region(8, 1), data));
        }
    }

    /// <summary>The request at whose arrival the power is cut may be done, in part or whole, though it fails.</summary>
    [Theory]
    [InlineData(SimulatedCache.WithFua)]
    [InlineData(SimulatedCache.None)]
    public void TheWriteInFlight_IsTorn(SimulatedCache cache)
    {
        HashSet<int> kept = [];
        for (int seed = 0; seed < 40; seed++)
        {
            using SimulatedBench bench = new(new SimulatedDiskOptions { Cache = cache }, seed);
            using DmIoClient client = bench.Simulation.CreateClient();
            using IoMemory data = Pattern.Memory(4096);
            bench.Disk.CutPowerAfter(0);
            Assert.Equal(Errno.EIO, client.Write(bench.Region(0, 8), data, IoFlags.Fua).First.Errno);
            kept.Add(bench.Disk.LastPowerLoss!.Value.Kept);
        }

        Assert.Contains(0, kept);
        Assert.Contains(8, kept);
        Assert.Contains(kept, static count => count is > 0 and < 8);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void RequestsInFlight_EndOnce_HeldOnesToo(bool bySimulationsEnd)
    {
        using SimulatedBench bench = new();
        SimulatedDisk other = bench.Simulation.AddDisk(1 << 20);
        using BlockDevice second = other.Open();
        using DmIoClient client = bench.Simulation.CreateClient(new DmIoOptions { Lanes = 2 });
        using IoMemory data = Pattern.Memory(4096);
        Notification[] notifications = [.. Enumerable.Range(0, 8).Select(static _ => new Notification())];
        using Fault held = bench.Disk.Hold(MediumOperations.All);
        using Fault slow = other.Slow(MediumOperations.All, TimeSpan.FromHours(1));
        for (int i = 0; i < notifications.Length; i++)
            client.SubmitWrite([bench.Region(i * 8, 8), new IoRegion(second, i * 8, 8)], data, Notification.Arrived, notifications[i]);
        Assert.True(held.WaitForHits(notifications.Length, Notification.Limit));
        Assert.True(slow.WaitForHits(notifications.Length, Notification.Limit));
        if (bySimulationsEnd)
            bench.Simulation.Dispose();
        else
            bench.Simulation.CutPower();

        int errno = bySimulationsEnd ? Errno.ENODEV : Errno.EIO;
        Assert.All(notifications, notification => Assert.Equal((new RegionBits(0b11), errno), (notification.Wait().Failed, notification.Wait().First.Errno)));
        held.Dispose();
        if (!bySimulationsEnd)
            bench.Simulation.RestorePower();
        client.Dispose();
        Assert.All(notifications, static notification => Assert.Equal(1, notification.Calls));
        Assert.All(bench.Disk.Log, static request => Assert.NotNull(request.End));
    }

    [Fact]
    public void TheFlushInFlight_RaisesADoubt_OfWhichADeviceThatIsOpenedLaterKnowsNothing()
    {
        using SimulatedBench bench = new();
        using DmIoClient client = bench.Simulation.CreateClient();
        bench.Disk.CutPowerAfter(0);
        Assert.Equal(Errno.EIO, client.Flush(bench.Region(0, 0)).First.Errno);
        Assert.NotNull(bench.Device.Doubt);
        Assert.Throws<IOException>(() => bench.Disk.Open());
        bench.Disk.RestorePower();
        using BlockDevice reopened = bench.Disk.Open();
        Assert.Null(reopened.Doubt);
        Assert.Equal(IoFailureCause.InDoubt, client.Flush(bench.Region(0, 0)).First.Cause);
        Assert.True(client.Flush(new IoRegion(reopened, 0, 0)).IsSuccess);
    }

    [Fact]
    public void OneDisksPower_IsItsOwn_AndThatOfAllIsCutAtOneMoment()
    {
        using SimulatedBench bench = new();
        SimulatedDisk other = bench.Simulation.AddDisk(1 << 20);
        using BlockDevice second = other.Open();
        using DmIoClient client = bench.Simulation.CreateClient();
        using IoMemory data = Pattern.Memory(512);
        other.CutPower();
        Assert.Equal(new RegionBits(0b10), client.Write([bench.Region(0, 1), new IoRegion(second, 0, 1)], data).Failed);
        Assert.False(bench.Simulation.HasPower);
        other.RestorePower();
        bench.Simulation.CutPowerAfter(1);
        Assert.NotEqual(RegionBits.None, client.Write([bench.Region(0, 1), new IoRegion(second, 0, 1)], data).Failed);
        Assert.False(bench.Disk.HasPower || other.HasPower);
    }
}
