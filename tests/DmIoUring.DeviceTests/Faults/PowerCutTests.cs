using System.Buffers.Binary;
using DmIoUring.DeviceTests.Client;
using DmIoUring.Engine;
using DmIoUring.Interop;
using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Faults;

/// <summary>What is left after a power cut: all that was said to be durable, whole; of the rest, sectors of the old and of the new.</summary>
public sealed class PowerCutTests
{
    private const int Sectors = 128;
    private const int Slots = 15;

    [Theory]
    [MemberData(nameof(Ways.AllDevices), MemberType = typeof(Ways))]
    public void WhatFuaAndFlushAcknowledged_IsThere_TheRestTornBySectors(CallWay way, DeviceKind kind)
    {
        using ClientUnderTest client = new(way);
        using FaultDevice left = new(kind, options: new FaultFileOptions { Volatile = true });
        using FaultDevice right = new(kind, options: new FaultFileOptions { Volatile = true });
        using IoMemory data = IoMemory.Allocate(Sectors * 512);
        FaultDevice[] legs = [left, right];

        // For each sector of a leg what must be there at least; for each slot what has been written to it since.
        int[][] durable = [new int[Slots * Sectors], new int[Slots * Sectors]];
        List<int>[][] unsure = [.. legs.Select(static _ => Enumerable.Range(0, Slots).Select(static _ => new List<int>()).ToArray())];
        int generation = 0, torn = 0, lost = 0;
#pragma warning disable CA5394 // Nothing secret: the seed is the point.
        for (int seed = 1; seed <= 15; seed++)
        {
            Random random = new(seed);
            for (int step = 0; step < 12; step++)
            {
                int slot = random.Next(Slots);
                IoFlags flags = (IoFlags)(random.Next(4) == 0 ? (int)IoFlags.Fua : random.Next(4) == 0 ? (int)IoFlags.Preflush : 0);
                Fill(data.GetSpan(), slot, ++generation);
                Assert.Equal(default, client.Write([.. legs.Select(leg => leg.Region((slot + 1) * Sectors, Sectors))], data, flags));
                bool flushes = random.Next(5) == 0;
                if (flushes)
                    Assert.Equal(default, client.Maintain(IoOperation.Flush, left.Region(0, 0), right.Region(0, 0)));
                for (int leg = 0; leg < 2; leg++)
                {
                    if ((flags & IoFlags.Preflush) != 0)
                        Settle(leg, 0, Slots);
                    unsure[leg][slot].Add(generation);
                    if ((flags & IoFlags.Fua) != 0)
                        Settle(leg, slot, slot + 1);
                    if (flushes)
                        Settle(leg, 0, Slots);
                }
            }

            for (int leg = 0; leg < 2; leg++)
            {
                lost += legs[leg].File.PowerCut(seed + leg).Lost;
                legs[leg].File.PowerUp();
                for (int slot = 0; slot < Slots; slot++)
                {
                    int[] generations = Generations(client, legs[leg], data, slot);
                    for (int sector = 0; sector < Sectors; sector++)
                    {
                        int least = durable[leg][(slot * Sectors) + sector];
                        int found = generations[sector];
                        Assert.True(found == least || unsure[leg][slot].Contains(found), $"seed {seed}: {found} is on leg {leg}, {least} was acknowledged");
                    }

                    if (generations.Distinct().Count() > 1)
                        torn++;

                    // What survived is durable by now, torn or whole.
                    unsure[leg][slot].Clear();
                    generations.CopyTo(durable[leg], slot * Sectors);
                }
            }
        }
#pragma warning restore CA5394

        Assert.True(torn > 0 && lost > 0, $"{torn} torn, {lost} sectors lost: the cuts cut nothing");

        void Settle(int leg, int firstSlot, int end)
        {
            for (int slot = firstSlot; slot < end; slot++)
            {
                if (unsure[leg][slot].Count != 0)
                    durable[leg].AsSpan(slot * Sectors, Sectors).Fill(unsure[leg][slot][^1]);
                unsure[leg][slot].Clear();
            }
        }
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void WithoutPower_EveryLegFails_AndTheClientGoesOnWhenItIsBack(CallWay way)
    {
        using ClientUnderTest client = new(way);
        using FaultDevice left = new(options: new FaultFileOptions { Volatile = true });
        using FaultDevice right = new(options: new FaultFileOptions { Volatile = true });
        using IoMemory data = Pattern.Memory(4096);
        IoRegion[] regions = [left.Region(8, 8), right.Region(16, 8)];
        Assert.Equal(default, client.Write(regions, data, IoFlags.Fua));
        for (int seed = 0; seed < 4; seed++)
        {
            left.File.PowerCut(seed);
            right.File.PowerCut(seed);
            IoReport report = new();
            IoResult result = client.Write(regions, data, new IoRequestOptions(IoFlags.Preflush, Report: report));
            Assert.Equal("0b11", result.Failed.ToString());
            Assert.Equal(new IoFailure(0, 8, Errno.EIO, IoFailureCause.Device), result.First);
            Assert.Equal(new IoFailure(1, 16, Errno.EIO, IoFailureCause.Device), report[1]);
            left.File.PowerUp();
            right.File.PowerUp();
            left.AcknowledgeDoubt();
            right.AcknowledgeDoubt();
            left.AssertHolds(8, data.GetSpan());
            Assert.Equal(default, client.Write(regions, data));
        }
    }

    /// <summary>Every sector says whose it is.</summary>
    private static void Fill(Span<byte> data, int slot, int generation)
    {
        for (int sector = 0; sector < Sectors; sector++)
        {
            Span<byte> bytes = data.Slice(sector * 512, 512);
            bytes.Fill((byte)generation);
            BinaryPrimitives.WriteInt32LittleEndian(bytes, generation);
            BinaryPrimitives.WriteInt32LittleEndian(bytes[4..], (slot * Sectors) + sector);
        }
    }

    /// <summary>The generation of every sector of a slot; 0 for one that was never written. Fails for a sector that is no one's.</summary>
    private static int[] Generations(ClientUnderTest client, FaultDevice device, IoMemory data, int slot)
    {
        Assert.Equal(default, client.Read(device.Region((slot + 1) * Sectors, Sectors), data));
        int[] generations = new int[Sectors];
        byte[] expected = new byte[Sectors * 512];
        for (int sector = 0; sector < Sectors; sector++)
        {
            ReadOnlySpan<byte> bytes = data.GetSpan().Slice(sector * 512, 512);
            if (!bytes.ContainsAnyExcept(TestDevice.Untouched))
                continue;
            generations[sector] = BinaryPrimitives.ReadInt32LittleEndian(bytes);
            Fill(expected, slot, generations[sector]);
            Assert.True(bytes.SequenceEqual(expected.AsSpan(sector * 512, 512)), $"sector {sector} of slot {slot} is torn in itself");
        }

        return generations;
    }
}
