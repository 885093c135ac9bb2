using System.Text.Json;
using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;

namespace DmIoUring.CommandTests.Native;

/// <summary>The engine for fio over libdmio: what fio writes is what it reads, on each leg.</summary>
[Collection(nameof(FioCollection))]
public sealed class FioTests(FioEngine engine) : IDisposable
{
    private const int Size = 8 << 20;

    private readonly ScratchFolder _folder = ScratchFolder.Create();

    /// <summary>fio forks a process for each job, or starts threads of one.</summary>
    [Theory]
    [InlineData("--thread=0")]
    [InlineData("--thread=1")]
    public void Jobs_VerifyWhatTheyWrote(string processes)
    {
        using LoopDevice device = RequireLoop.Create(Size);
        _ = engine.Pass(
            "--filename=" + device.Path, "--rw=randwrite", "--verify=crc32c", "--numjobs=3", $"--size={Size / 4}", $"--offset_increment={Size / 4}", processes);
        byte[] written = Contents(device);
        Assert.Contains(written.Take(Size / 4), static value => value != 0);
        Assert.All(written.Skip(Size / 4 * 3), static value => Assert.Equal(0, value));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(128, 32)]
    public void Mix_GoesToThreeLegs_WhichAreTheSameAfterwards(int depth, int batch)
    {
        using LoopDevice first = RequireLoop.Create(Size), second = RequireLoop.Create(Size), third = RequireLoop.Create(Size + 4096);
        JsonElement job = engine.Report(
            "--filename=" + first.Path, $"--legs={second.Path}:{third.Path}", "--rw=randrw", "--rwmixread=30", "--bsrange=4k-64k", "--verify=crc32c", $"--size={Size}",
            "--fsync=64", $"--iodepth={depth}", $"--iodepth_batch_submit={batch}", "--iodepth_batch_complete_min=1", $"--iodepth_batch_complete_max={batch}");
        Assert.True(Count(job, "read") > 0);
        Assert.True(Count(job, "write") > 0);
        Assert.True(Count(job, "sync") > 0);

        // What of its submissions took 32 or less, and more than 16, in percent.
        if (batch == 32)
            Assert.True(job.GetProperty("iodepth_submit").GetProperty("32").GetDouble() > 0, job.GetProperty("iodepth_submit").ToString());
        byte[] written = Contents(first);
        Assert.Contains(written, static value => value != 0);
        Assert.True(written.AsSpan().SequenceEqual(Contents(second)), "the second leg differs");
        Assert.True(written.AsSpan().SequenceEqual(Contents(third).AsSpan(0, Size)), "the third leg differs");
    }

    /// <summary>Registered buffers or not, waits that spin or sleep, direct I/O or the page cache: the data is the same.</summary>
    [Theory]
    [InlineData("--fixedbufs=0", "--spin=1")]
    [InlineData("--direct=0", "--iomem_align=512")]
    [InlineData("--mem=shm", "--iodepth_low=4")]
    [InlineData("--verify_async=2", "--verify_backlog=64")]
    public void Options_LeaveTheDataAsItIs(string first, string second)
    {
        string file = FioEngine.NewFile(_folder, "file", Size), leg = FioEngine.NewFile(_folder, "leg", Size);
        _ = engine.Pass("--filename=" + file, "--legs=" + leg, "--rw=randwrite", "--verify=crc32c", $"--size={Size}", first, second);
        Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(leg));
    }

    [Fact]
    public void Trim_EmptiesEachLeg()
    {
        using LoopDevice first = RequireLoop.Create(Size), second = RequireLoop.Create(Size);
        Require.Discards(first.Path);
        string[] legs = ["--filename=" + first.Path, "--legs=" + second.Path, "--bs=64k"];
        _ = engine.Pass([.. legs, "--rw=write", "--buffer_pattern=0xa5", $"--size={Size}"]);
        _ = engine.Pass([.. legs, "--rw=randtrim", $"--offset={Size / 4}", $"--size={Size / 4}"]);
        foreach (LoopDevice leg in (LoopDevice[])[first, second])
        {
            byte[] left = Contents(leg);
            Assert.Equal(-1, left.AsSpan(0, Size / 4).IndexOfAnyExcept((byte)0xA5));
            Assert.Equal(-1, left.AsSpan(Size / 4, Size / 4).IndexOfAnyExcept((byte)0));
            Assert.Equal(-1, left.AsSpan(Size / 2).IndexOfAnyExcept((byte)0xA5));
        }
    }

    /// <summary>On a medium that loses what was not flushed.</summary>
    [Theory]
    [InlineData("--sync=dsync")]
    [InlineData("--end_fsync=1")]
    public void Writes_ThatAreToBeDurable_AreThereAfterAPowerCut(string option)
    {
        RequireFault.Here();
        using FaultFile medium = FaultFile.Create(1 << 20, new FaultFileOptions { Volatile = true });
        string[] job = ["--filename=" + medium.Path, "--rw=write", "--bs=16k", "--verify=crc32c", "--size=1m", option];
        _ = engine.Pass([.. job, "--do_verify=0"]);
        _ = medium.PowerCut(seed: 1);
        medium.PowerUp();
        Assert.DoesNotContain("verify:", engine.Pass([.. job, "--verify_only=1"]), StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private static int Count(JsonElement job, string operation) => job.GetProperty(operation).GetProperty("total_ios").GetInt32();

    private static byte[] Contents(LoopDevice device)
    {
        byte[] contents = new byte[RandomAccess.GetLength(device.BackingHandle)];
        _ = RandomAccess.Read(device.BackingHandle, contents, 0);
        return contents;
    }
}
