using System.Globalization;
using DmIoUring.ScratchDevices;
using DmIoUring.Testing;
using DmIoUring.TestSupport;

namespace DmIoUring.CommandTests.Native;

/// <summary>The nbdkit plugin's mirror under load while a leg dies and is brought back (retry=1), judged by fio and qemu-io; the legs are equal afterwards.</summary>
[Collection(nameof(NativeLibraryCollection))]
public sealed class NbdkitMirrorLoadTests(NativeLibrary library)
{
    private const int Size = 16 << 20;
    private const int IoError = 5;
    private const int Block = 4096;

    /// <summary>Bytes that the loads write, and where the last eighth of them begins.</summary>
    private const int Written = 12 << 20;
    private const int LastEighth = Written / 8 * 7;

    /// <summary>Where the mirror's region of 1 MiB begins that the last eighth begins in.</summary>
    private const int BeforeLastEighth = LastEighth >> 20 << 20;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>Each block has a checksum, and is read back when all are written.</summary>
    [Fact]
    public void Fio_VerifiesWhatItWrote_WhileALegDiesAndIsResynchronized()
    {
        RequireFault.Here();
        Require.That(
            ChildProcess.Run("fio", "--enghelp") is not { } engines || !engines.Output.Contains("nbd", StringComparison.Ordinal)
                ? "there is no fio with the engine nbd: apt-get install fio"
                : null);
        ServeWhileALegDies((server, round) => NbdkitServer.Client(
            "fio", "--name=verify", "--ioengine=nbd", "--uri=" + server.Uri, "--rw=randwrite", "--bs=16k", $"--size={Written}", "--iodepth=8",
            "--verify=crc32c", "--verify_fatal=1", "--fsync=64", $"--randseed={round}"));
    }

    /// <summary>As fsx: writes, zeroes, discards and flushes of random ranges, and reads of which each must have what a model says.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void RandomRequests_ReadBackAsAModelSays_WhileALegDiesAndIsResynchronized(int seed)
    {
        RequireFault.Here();
        RequireProgram.QemuIo();
        int[] model = new int[Written / Block];
        ServeWhileALegDies((server, round) =>
        {
            ChildProcess run = NbdkitServer.Client(
                "qemu-io", ["-f", "raw", .. Commands(new Random((seed * 10) + round), model).SelectMany(static command => new[] { "-c", command }), server.Uri]);
            Assert.DoesNotContain("failed", run.Output + run.Errors, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("error", run.Output + run.Errors, StringComparison.OrdinalIgnoreCase);
        });
    }

    /// <summary>Runs a load twice: the leg dies during the first, and is brought back during the second.</summary>
    private void ServeWhileALegDies(Action<NbdkitServer, int> load)
    {
        using FaultFile faulty = FaultFile.Create(Size, new FaultFileOptions { Logs = false }), healthy = FaultFile.Create(Size, new FaultFileOptions { Logs = false });
        using NbdkitServer server = NbdkitServer.Start(
            NbdkitPlugin.Compile(library), "mirror=create", "equal=true", "retry=1", "leg=" + healthy.Path, "leg=" + faulty.Path);
        long sectors = server.Size / IoRegion.SectorSize;
        Task loaded;
        Fault fault;

        // Some writes have succeeded when the load is stopped by those to its last eighth, and most are to come.
        using (Fault stop = HoldLastEighth())
        {
            loaded = Task.Run(() => load(server, 1));
            Assert.True(stop.WaitForHits(1, Limit));
            fault = faulty.Fail(MediumOperations.Write | MediumOperations.Flush, IoError);
        }

        Fault copies;
        using (fault)
        {
            loaded.WaitAsync(Limit).GetAwaiter().GetResult();

            // The load has ended: what fails now is a resync.
            Assert.True(fault.WaitForHits(fault.Hits + 1, Limit));
            copies = HoldLastEighth();
        }

        // A resync is in the middle of its last regions, which it keeps from being written, until the second load has written others. What is written to the healthy leg's data is of a load.
        using (copies)
        {
            Assert.True(copies.WaitForHits(1, Limit));
            using Fault writes = healthy.Slow(MediumOperations.Write, TimeSpan.Zero, sectors: BeforeLastEighth / IoRegion.SectorSize);
            loaded = Task.Run(() => load(server, 2));
            Assert.True(writes.WaitForHits(1, Limit));
        }

        loaded.WaitAsync(Limit).GetAwaiter().GetResult();
        server.WaitForDescription("mirror of 2 legs, 2 in sync");
        Assert.Contains("degraded, leg 2 of 2", server.Stop(), StringComparison.Ordinal);
        Assert.True(faulty.Read(0, sectors).AsSpan().SequenceEqual(healthy.Read(0, sectors)), "the legs differ");

        Fault HoldLastEighth() => faulty.Hold(MediumOperations.Write, LastEighth / IoRegion.SectorSize, (Written - LastEighth) / IoRegion.SectorSize);
    }

    /// <summary>qemu-io's commands. A block's pattern is what was written last; -1 after a discard: anything.</summary>
    private static List<string> Commands(Random random, int[] model)
    {
        // One at a time: the first must be a write that a resync of the last eighth does not keep out.
        List<string> commands = [string.Create(CultureInfo.InvariantCulture, $"write -q -P 1 0 {Block}")];
        model[0] = 1;
        for (int i = 0; i < 1200; i++)
        {
            int first = random.Next(model.Length), count = Math.Min(random.Next(1, 32), model.Length - first);
            int operation = random.Next(100), pattern = operation < 45 ? random.Next(1, 256) : operation < 53 ? 0 : -1;
            string range = string.Create(CultureInfo.InvariantCulture, $"{(long)first * Block} {(long)count * Block}");
            if (operation < 56)
                model.AsSpan(first, count).Fill(pattern);
            if (operation < 45)
                commands.Add(string.Create(CultureInfo.InvariantCulture, $"write -q {(operation < 5 ? "-f " : "")}-P {pattern} {range}"));
            else if (operation < 53)
                commands.Add("write -q -z " + range);
            else if (operation < 56)
                commands.Add("discard -q " + range);
            else if (operation < 60)
                commands.Add("flush");
            else
                commands.AddRange(Reads(model, first, count));
        }

        commands.AddRange(Reads(model, 0, model.Length));
        return commands;
    }

    /// <summary>A read of each run of blocks that have one pattern.</summary>
    private static IEnumerable<string> Reads(int[] model, int first, int count)
    {
        for (int at = first, end; at < first + count; at = end)
        {
            for (end = at + 1; end < first + count && model[end] == model[at]; end++)
            {
            }

            if (model[at] >= 0)
                yield return string.Create(CultureInfo.InvariantCulture, $"read -q -P {model[at]} {(long)at * Block} {(long)(end - at) * Block}");
        }
    }
}
