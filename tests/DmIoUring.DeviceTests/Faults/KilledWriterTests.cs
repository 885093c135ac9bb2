using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;
using DmIoUring.Writer;

namespace DmIoUring.DeviceTests.Faults;

/// <summary>
/// A writer that is killed at any moment: every record that it acknowledged is on the medium of every leg, whole. Hundreds of rounds, each
/// going on where the one before was cut off.
/// </summary>
public sealed class KilledWriterTests(ITestOutputHelper output)
{
    private const int Slots = 64;

    /// <summary>CI has a quarter of an hour for everything: fewer there.</summary>
    private static readonly int Rounds = int.Parse(Environment.GetEnvironmentVariable("DMIO_KILL_ROUNDS") ?? "150", CultureInfo.InvariantCulture);

    [Theory]
    [InlineData("sync", false)]
    [InlineData("async", false)]
    [InlineData("sync", true)]
    public void AfterSigkill_EveryAcknowledgedRecordIsThere_Whole(string way, bool losesPowerToo)
    {
        RequireFault.Here();
        FaultFileOptions options = new() { Volatile = losesPowerToo, Logs = false };
        using FaultDevice left = new(size: Slots * DurableRecord.Size, options: options);
        using FaultDevice right = new(DeviceKind.Loop4096, Slots * DurableRecord.Size, options);
        FaultDevice[] legs = [left, right];
        ulong acknowledged = 0;
        int torn = 0, ahead = 0;
#pragma warning disable CA5394 // Nothing secret: the seed is the point.
        Random random = new(1);
        for (int round = 0; round < Rounds / (losesPowerToo ? 3 : 1); round++)
        {
            // 0 is a kill before the first record; past the count, a moment more for the kill to fall anywhere in a record.
            int records = random.Next(30);
            ulong before = acknowledged;
            acknowledged = WriteAndKill(way, acknowledged, records, random.Next(3000), legs);
            Assert.True(acknowledged >= before + (ulong)records, $"round {round}: the writer ended by itself");
            foreach (FaultDevice leg in legs)
            {
                if (losesPowerToo)
                {
                    leg.File.PowerCut(random.Next());
                    leg.File.PowerUp();
                }

                Verify(leg, acknowledged, ref torn, ref ahead);
            }
        }
#pragma warning restore CA5394

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{acknowledged} records; {torn} torn and {ahead} whole ones that were not acknowledged"));
        using DmIoClient client = new();
        using IoMemory record = Pattern.Memory(DurableRecord.Size);
        Assert.Equal(default, client.Write([left.Region(0, DurableRecord.Sectors), right.Region(0, DurableRecord.Sectors)], record));
    }

    /// <summary>Starts a writer after the last record, kills it some microseconds after so many acknowledgements, and returns the last.</summary>
    private static ulong WriteAndKill(string way, ulong last, int records, int microseconds, FaultDevice[] legs)
    {
        string[] arguments =
        [
            Path.Combine(AppContext.BaseDirectory, "DmIoUring.Writer.dll"), way,
            Slots.ToString(CultureInfo.InvariantCulture), (last + 1).ToString(CultureInfo.InvariantCulture), .. legs.Select(static leg => leg.Path),
        ];
        ProcessStartInfo start = new(DotNetHost.Path, arguments) { UseShellExecute = false, RedirectStandardOutput = true };
        start.Environment["DOTNET_TieredPGO"] = "0";
        start.Environment["DOTNET_TC_QuickJitForLoops"] = "1";
        using Process writer = Process.Start(start)!;
        using Stream acknowledgements = writer.StandardOutput.BaseStream;
        Span<byte> message = stackalloc byte[8];
        try
        {
            for (int i = 0; i < records; i++)
            {
                if (!Take(acknowledgements, message, ref last))
                    return last;
            }

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
    private static void Verify(FaultDevice leg, ulong acknowledged, ref int torn, ref int ahead)
    {
        byte[] medium = leg.File.ReadDurable(0, Slots * DurableRecord.Sectors);
        for (ulong number = acknowledged >= Slots ? acknowledged - Slots + 1 : 1; number <= acknowledged + 1; number++)
        {
            int slot = (int)(number % Slots);
            ulong? found = DurableRecord.NumberOf(medium.AsSpan(slot * DurableRecord.Size, DurableRecord.Size), slot);
            if (number == acknowledged + 1)
            {
                torn += found is null ? 1 : 0;
                ahead += found == number ? 1 : 0;
            }
            else if (number + Slots != acknowledged + 1)
            {
                Assert.True(found == number, $"{leg.Path}: record {number} was acknowledged, and slot {slot} has {found?.ToString(CultureInfo.InvariantCulture) ?? "rubbish"}");
            }
        }
    }
}
