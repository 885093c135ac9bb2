using CsCheck;
using DmIoUring.Devices;
using DmIoUring.Engine;
using DmIoUring.ScratchDevices;
using DmIoUring.Submission;

namespace DmIoUring.UnitTests.Client;

/// <summary>What the fast path accepts, against the rules that are written for people.</summary>
public sealed unsafe class AdmissionRulesTests
{
    private const int ChunkBytes = 64 << 10;

    /// <summary>Sectors, counts and offsets around every bound.</summary>
    private static readonly Gen<long> Number = Gen.OneOf(
        Gen.Long[-9, 300],
        Gen.OneOf(Gen.Const(long.MinValue), Gen.Const(long.MinValue + 1), Gen.Const(long.MaxValue), Gen.Const(long.MaxValue / 512), Gen.Const((long.MaxValue / 512) + 1), Gen.Const(long.MaxValue / 1024), Gen.Const(1L << 32), Gen.Const(1L << 52)));

    private static readonly Gen<(long Sector, long Count, long Offset)> Place = Gen.OneOf(
        Gen.Select(Number, Number, Number),
        Gen.Select(Gen.Long[-1, 257], Gen.Long[0, 130], Gen.OneOf(Number, Gen.Const(0L), Gen.Const(512L))),
        Gen.Select(Gen.Long[0, 31].Select(static block => block * 8), Gen.Long[0, 16].Select(static blocks => blocks * 8), Gen.Const(0L)));

    [Fact]
    public void WhatTheFastPathAccepts_IsValid_AndFailsInNoRegion()
    {
        using ScratchFile file = ScratchFile.Create(128 << 10);
        using BlockDevice writable = BlockDevice.Open(file.Path);
        using BlockDevice readable = BlockDevice.Open(file.Path, DeviceAccess.Read);
        using BlockDevice unknown = BlockDevice.Open(file.Path);
        DeviceTable held = new();
        held.Exit(held.Enter(writable));
        held.Exit(held.Enter(readable));
        using IoMemory memory = IoMemory.Allocate(256 << 10);
        BlockDevice?[] devices = [writable, readable, unknown, null];
        int accepted = 0;

        Gen.Select(Gen.Int[0, 2], Gen.Select(Place, Gen.Int[0, 9]).Array[0, 3], Gen.Long[0, 256 << 10], Gen.OneOf(Gen.Const(0), Gen.Const(4), Gen.Const(512), Gen.Const(4095))).Sample(
            (operation, places, length, shift) =>
            {
                IoRegion[] regions = [.. places.Select(place => new IoRegion(devices[Math.Max(0, place.Item2 - 6)]!, place.Item1.Sector, place.Item1.Count, place.Item1.Offset))];
                IoBuffer buffer = IoBuffer.Contiguous((byte*)memory.Pointer + shift, Math.Max(0, length - shift));
                IoRequestOptions options = default;
                RequestSpec spec = new((IoOperation)Math.Min(operation, 1), regions, buffer, options);
                if (!Admission.IsFast(spec.Operation, regions, buffer.Pointer, buffer.Length, held, ChunkBytes))
                    return;
                Interlocked.Increment(ref accepted);
                Admission.Check(spec);
                foreach (IoRegion region in regions)
                {
                    Assert.Equal(IoFailureCause.None, RegionRules.Check(spec.Operation, region, IoFlags.None, out int errno));
                    Assert.Equal(0, errno);
                    Assert.NotEqual(unknown, region.Device);
                    Assert.InRange(region.Count * IoRegion.SectorSize, 1, ChunkBytes);
                }
            },
            iter: 200_000,
            threads: 1);
        Assert.True(accepted > 1000, $"Only {accepted} requests were accepted: the test asks for nothing.");
        held.Close();
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    [InlineData(64, true)]
    [InlineData(65, false)]
    [InlineData(1000, false)]
    public void TheFastPath_TakesOneTo64Regions(int count, bool accepted)
    {
        using ScratchFile file = ScratchFile.Create(64 << 10);
        using BlockDevice device = BlockDevice.Open(file.Path);
        DeviceTable held = new();
        held.Exit(held.Enter(device));
        using IoMemory memory = IoMemory.Allocate(4096);
        IoBuffer buffer = IoBuffer.Contiguous(memory.Pointer, 4096);
        IoRegion[] regions = [.. Enumerable.Repeat(new IoRegion(device, 0, 8), count)];
        Assert.Equal(accepted, Admission.IsFast(IoOperation.Write, regions, buffer.Pointer, buffer.Length, held, ChunkBytes));
        held.Close();
    }
}
