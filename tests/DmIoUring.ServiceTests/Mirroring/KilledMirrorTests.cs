using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using DmIoUring.ScratchDevices;
using DmIoUring.Services;
using DmIoUring.TestSupport;
using DmIoUring.Writer;

namespace DmIoUring.ServiceTests.Mirroring;

/// <summary>
/// A process that writes to a mirror and is killed at any moment: after the resync both legs are equal and have every record that was acknowledged.
/// </summary>
public sealed class KilledMirrorTests(ITestOutputHelper output)
{
    private const int Slots = 256;
    private const long RegionSectors = 128;
    private const int LegBytes = Slots * DurableRecord.Size + (64 << 10);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AfterSigkill_ResyncMakesTheLegsEqual_AndEveryAcknowledgedRecordIsThere(bool losesPowerToo)
    {
        RequireFault.Here();
        int rounds = int.Parse(Environment.GetEnvironmentVariable("DMIO_KILL_ROUNDS") ?? "25", CultureInfo.InvariantCulture);
        FaultFileOptions options = new() { Volatile = losesPowerToo, Logs = false };
        using FaultDevice left = new(size: LegBytes, options: options);
        using FaultDevice right = new(DeviceKind.Loop4096, LegBytes, options);
        FaultDevice[] legs = [left, right];
        await using (DmIoClient client = new())
        await using (await MirrorDevice.CreateAsync(
            client, [left.Device, right.Device], new MirrorCreateOptions { Sectors = Slots * DurableRecord.Sectors, RegionSectors = RegionSectors, AssumeEqual = true }, cancellationToken: TestContext.Current.CancellationToken))
        {
        }

        ulong acknowledged = 0;
        long resynced = 0;
#pragma warning disable CA5394 // Nothing secret: the seed is the point.
        Random random = new(1);
        for (int round = 0; round < rounds; round++)
        {
            acknowledged = WriteAndKill(acknowledged, random.Next(1, 30), random.Next(3000), legs);
            foreach (FaultDevice leg in legs)
            {
                if (!losesPowerToo)
                    continue;
                leg.File.PowerCut(random.Next());
                leg.File.PowerUp();
            }

            resynced += await OpenAndResyncAsync(legs);
            Verify(legs, acknowledged);
        }
#pragma warning restore CA5394

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{rounds} rounds, {acknowledged} records acknowledged, {resynced} regions resynchronized"));
        Assert.True(resynced > 0);
    }

    private static async Task<long> OpenAndResyncAsync(FaultDevice[] legs)
    {
        BlockDevice[] devices = [.. legs.Select(static leg => BlockDevice.Open(leg.Path))];
        try
        {
            await using DmIoClient client = new();
            await using MirrorDevice mirror = await MirrorDevice.OpenAsync(client, devices, cancellationToken: TestContext.Current.CancellationToken);
            MirrorResyncResult result = await mirror.ResyncAsync(cancellationToken: TestContext.Current.CancellationToken);
            Assert.True(result.IsComplete, result.ToString());
            return result.CopiedRegions;
        }
        finally
        {
            Array.ForEach(devices, static device => device.Dispose());
        }
    }

    private static ulong WriteAndKill(ulong last, int records, int microseconds, FaultDevice[] legs)
    {
        string[] arguments =
        [
            Path.Combine(AppContext.BaseDirectory, "DmIoUring.Writer.dll"), "mirror",
            Slots.ToString(CultureInfo.InvariantCulture), (last + 1).ToString(CultureInfo.InvariantCulture), .. legs.Select(static leg => leg.Path),
        ];
        ProcessStartInfo start = new(DotNetHost.Path, arguments) { UseShellExecute = false, RedirectStandardOutput = true };
        start.Environment["DOTNET_TieredPGO"] = "0";
        using Process writer = Process.Start(start)!;
        using Stream acknowledgements = writer.StandardOutput.BaseStream;
        Span<byte> message = stackalloc byte[8];
        try
        {
            for (int i = 0; i < records; i++)
                Assert.True(Take(acknowledgements, message, ref last), "the writer ended by itself");
            long moment = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(moment).TotalMicroseconds < microseconds)
                Thread.Yield();
        }
        finally
        {
            writer.Kill();
            Assert.True(writer.WaitForExit(Notification.Limit));
        }

        // What it acknowledged before it died is still in the pipe.
        while (Take(acknowledgements, message, ref last))
        {
        }

        return last;
    }

    private static bool Take(Stream acknowledgements, Span<byte> message, ref ulong last)
    {
        if (acknowledgements.ReadAtLeast(message, message.Length, throwOnEndOfStream: false) < message.Length)
            return false;
        ulong number = BinaryPrimitives.ReadUInt64LittleEndian(message);
        Assert.Equal(last + 1, number);
        last = number;
        return true;
    }

    /// <summary>The last acknowledged record of every slot must be there, but where the one that was being written has taken its place.</summary>
    private static void Verify(FaultDevice[] legs, ulong acknowledged)
    {
        byte[][] media = [.. legs.Select(static leg => leg.File.ReadDurable(0, Slots * DurableRecord.Sectors))];
        int same = media[0].AsSpan().CommonPrefixLength(media[1]);
        Assert.True(same == media[0].Length, $"the legs differ from byte {same} on");
        for (ulong number = acknowledged >= Slots ? acknowledged - Slots + 2 : 1; number <= acknowledged; number++)
        {
            int slot = (int)(number % Slots);
            Assert.True(
                DurableRecord.NumberOf(media[0].AsSpan(slot * DurableRecord.Size, DurableRecord.Size), slot) == number, $"record {number} was acknowledged and is not in slot {slot}");
        }
    }
}
