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

        // Another one each time, so that every run kills elsewhere. A kill falls where the machine lets it: the seed alone does not repeat it.
        int seed = Environment.TickCount;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seed {seed}"));
#pragma warning disable CA5394 // Nothing secret: the seed is the point.
        Random random = new(seed);
        int rounds = Math.Max(1, KilledWriter.RoundsOr(150) / (losesPowerToo ? 3 : 1));
        for (int round = 0; round < rounds; round++)
        {
            int records = random.Next(30);
            acknowledged = KilledWriter.Run(way, Slots, acknowledged, records, random.Next(3000), legs.Select(static leg => leg.Path));
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
