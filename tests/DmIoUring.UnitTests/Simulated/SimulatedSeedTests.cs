using System.Globalization;
using System.Text;
using DmIoUring.DeviceTests.Client;
using DmIoUring.Engine;
using DmIoUring.Testing;
using DmIoUring.TestSupport;

namespace DmIoUring.UnitTests.Simulated;

/// <summary>With one who submits and waits, the same seed gives the same results, the same log and the same survivors, and another seed gives others.</summary>
public sealed class SimulatedSeedTests
{
    public static TheoryData<CallWay> Ways => SimulatedBench.Ways;

    [Theory]
    [MemberData(nameof(Ways))]
    public void TheSameSeed_IsTheSameRun(CallWay way)
    {
        HashSet<string> runs = [];
        for (int seed = 0; seed < 8; seed++)
        {
            string run = Run(way, seed);
            Assert.Equal(run, Run(way, seed));
            runs.Add(run);
        }

        Assert.Equal(8, runs.Count);
    }

    /// <summary>What others ask of the disk while a flush is under way does not change what it loses.</summary>
    [Fact]
    public void WhatAFailedFlushLoses_DependsOnWhenItCame_NotOnWhenItEnds()
    {
        for (int seed = 0; seed < 8; seed++)
            Assert.Equal(DurableAfterAFailedFlush(seed, reads: 0), DurableAfterAFailedFlush(seed, reads: 5));
    }

    private static byte[] DurableAfterAFailedFlush(int seed, int reads)
    {
        using SimulatedBench bench = new(seed: seed);
        using DmIoClient client = bench.Simulation.CreateClient();
        using IoMemory data = Pattern.Memory(64 << 10);
        Assert.True(client.Write(bench.Region(0, 128), data).IsSuccess);
        Notification flush = new();
        using (bench.Disk.Fail(MediumOperations.Flush, errno: 5, times: 1))
        using (Fault held = bench.Disk.Hold(MediumOperations.Flush, times: 1))
        {
            client.SubmitFlush(bench.Region(0, 0), Notification.Arrived, flush);
            Assert.True(held.WaitForHits(1, Notification.Limit));
            for (int i = 0; i < reads; i++)
                Assert.True(client.Read(bench.Region(0, 1), data).IsSuccess);
        }

        Assert.False(flush.Wait().IsSuccess);
        bench.AcknowledgeDoubt();
        Assert.True(client.Flush(bench.Region(0, 0)).IsSuccess);
        return bench.Disk.ReadDurable(0, 128);
    }

    private static string Run(CallWay way, int seed)
    {
        using SimulatedBench bench = new(new SimulatedDiskOptions { ReadErrorRate = 0.05, WriteErrorRate = 0.05, FlushErrorRate = 0.05, ShortTransferRate = 0.3, RetryRate = 0.2 }, seed);
        SimulatedDisk other = bench.Simulation.AddDisk(SimulatedBench.Bytes, new SimulatedDiskOptions { Cache = SimulatedCache.WithoutFua });
        using BlockDevice second = other.Open();
        using ClientUnderTest client = bench.NewClient(way, new DmIoOptions { ChunkBytes = 4096 });
        StringBuilder said = new();
        bench.Simulation.CutPowerAfter(150);
        for (int i = 0; i < 60; i++)
        {
            using IoMemory data = Pattern.Memory(16 << 10, seed: i);
            IoRegion[] regions = [bench.Region(i * 7, 32), new IoRegion(second, i * 5, 32)];
            IoResult result = (i % 5) switch
            {
                0 => client.Write(regions, data, IoFlags.Fua),
                1 => client.Maintain(IoOperation.Flush, regions),
                2 => client.Read(regions[0], data),
                _ => client.Write(regions, data),
            };
            said.AppendLine(result.ToString());
            foreach (BlockDevice device in (BlockDevice[])[bench.Device, second])
            {
                if (device.Doubt is { } doubt)
                    device.AcknowledgeDoubt(doubt);
            }
        }

        Assert.False(bench.Simulation.HasPower);
        foreach (SimulatedDisk disk in bench.Simulation.Disks)
        {
            said.AppendJoin('\n', disk.Log).AppendLine().AppendLine(CultureInfo.InvariantCulture, $"{disk.LastPowerLoss}");
            said.AppendLine(Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(disk.Read(0, disk.Size / 512))));
        }

        return said.ToString();
    }
}
