using System.Text.Json;
using DmIoUring.ScratchDevices;
using DmIoUring.Testing;
using DmIoUring.TestSupport;

namespace DmIoUring.CommandTests.Native;

/// <summary>The engine for fio over libdmio: legs that fail, and what it refuses.</summary>
[Collection(nameof(FioCollection))]
public sealed class FioFailureTests(FioEngine engine) : IDisposable
{
    private const int Size = 4 << 20;
    private const int IoError = 5;
    private const int NoSpace = 28;

    private readonly ScratchFolder _folder = ScratchFolder.Create();

    [Fact]
    public void Leg_ThatFailsInTheMiddle_IsAnErrorOfTheJob_ThatNamesIt()
    {
        RequireFault.Here();
        using FaultFile faulty = FaultFile.Create(Size);
        using Fault fault = faulty.Fail(MediumOperations.Write, IoError, firstSector: Size / 2 / IoRegion.SectorSize);
        string healthy = FioEngine.NewFile(_folder, "healthy", Size);
        string said = engine.Fail("--filename=" + healthy, "--legs=" + faulty.Path, "--rw=write", $"--size={Size}");
        Assert.Contains("Input/output error", said, StringComparison.Ordinal);
        Assert.Contains($"leg 2 of 2, {faulty.Path}", said, StringComparison.Ordinal);
    }

    /// <summary>Verified from the other leg, wherever the faulty one stands; it is told once.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Leg_ThatFailsInTheMiddle_IsDegraded_WhereThatIsAllowed(int position)
    {
        RequireFault.Here();
        using FaultFile faulty = FaultFile.Create(Size);
        using Fault fault = faulty.Fail(MediumOperations.Write, IoError, firstSector: Size / 2 / IoRegion.SectorSize);
        string healthy = FioEngine.NewFile(_folder, "healthy", Size);
        string[] legs = position == 0 ? [faulty.Path, healthy] : [healthy, faulty.Path];
        string said = engine.Pass(
            "--filename=" + legs[0], "--legs=" + legs[1], "--allow_degraded=1", "--rw=randrw", "--verify=crc32c", $"--size={Size}", "--fsync=100");
        Assert.Equal(2, said.Split($"degraded, leg {position + 1} of 2").Length);
    }

    /// <summary>The two fail at once in the write that reaches them, and each has a line with its own error.</summary>
    [Fact]
    public void Legs_ThatFailInOneWrite_AreEachToldOnce()
    {
        RequireFault.Here();
        using FaultFile first = FaultFile.Create(Size), second = FaultFile.Create(Size);
        using Fault one = first.Fail(MediumOperations.Write, IoError, firstSector: Size / 2 / IoRegion.SectorSize);
        using Fault other = second.Fail(MediumOperations.Write, NoSpace, firstSector: Size / 2 / IoRegion.SectorSize);
        string healthy = FioEngine.NewFile(_folder, "healthy", Size);
        string said = engine.Pass(
            "--filename=" + healthy, $"--legs={first.Path}:{second.Path}", "--allow_degraded=1", "--rw=write", "--verify=crc32c", $"--size={Size}");
        Assert.Equal(2, said.Split($"degraded, leg 2 of 3, {first.Path}: ").Length);
        Assert.Equal(2, said.Split($"degraded, leg 3 of 3, {second.Path}: ").Length);
        Assert.Contains("EIO", LineOf(said, "degraded, leg 2 of 3"), StringComparison.Ordinal);
        Assert.Contains("ENOSPC", LineOf(said, "degraded, leg 3 of 3"), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_OfALegThatFails_IsOfTheNext()
    {
        RequireFault.Here();
        using FaultFile faulty = FaultFile.Create(Size);
        using Fault fault = faulty.Fail(MediumOperations.Read, IoError);
        string healthy = FioEngine.NewFile(_folder, "healthy", Size);
        string[] job = ["--filename=" + faulty.Path, "--legs=" + healthy, "--rw=randread", $"--size={Size}"];
        Assert.Contains("leg 1 of 2", engine.Fail(job), StringComparison.Ordinal);
        Assert.Contains("degraded, leg 1 of 2", engine.Pass([.. job, "--allow_degraded=1"]), StringComparison.Ordinal);
    }

    [Fact]
    public void Legs_ThatAllFail_AreAnErrorOfTheJob()
    {
        RequireFault.Here();
        using FaultFile first = FaultFile.Create(Size), second = FaultFile.Create(Size);
        using Fault one = first.Fail(MediumOperations.Write, IoError), other = second.Fail(MediumOperations.Write, IoError);
        string said = engine.Fail("--filename=" + first.Path, "--legs=" + second.Path, "--allow_degraded=1", "--rw=write", $"--size={Size}");
        Assert.Contains("Input/output error", said, StringComparison.Ordinal);
    }

    /// <summary>What is in flight then ends while its file and its buffers are there.</summary>
    [Fact]
    public void Poll_ThatFails_IsAnErrorOfTheJob_ThatEndsAllOfItsIo()
    {
        RequireFault.Here();
        using FaultFile slow = FaultFile.Create(Size);
        using Fault fault = slow.Slow(MediumOperations.Write, TimeSpan.FromMilliseconds(200));
        ChildProcess run = engine.RunWithPollsThatFail("--filename=" + slow.Path, "--rw=write", $"--size={Size}");
        string said = run.Output + run.Errors;
        Assert.True(run.ExitCode is > 0 and < 124, $"{run.ExitCode}: {said}");
        Assert.Contains("Input/output error", said, StringComparison.Ordinal);
        Assert.DoesNotContain("got signal", said, StringComparison.Ordinal);
        Assert.Equal(2, said.Split("dmio: ").Length);
    }

    /// <summary>fio counts errors and goes on, where that is asked for.</summary>
    [Fact]
    public void Errors_AreCounted_WhereTheJobGoesOn()
    {
        RequireFault.Here();
        using FaultFile faulty = FaultFile.Create(Size);
        using Fault fault = faulty.Fail(MediumOperations.Read, IoError, firstSector: 64, sectors: 64);
        JsonElement job = engine.Report("--filename=" + faulty.Path, "--rw=read", $"--size={Size}", "--continue_on_error=io");
        Assert.Equal((64 * IoRegion.SectorSize / 4096, IoError), (job.GetProperty("total_err").GetInt32(), job.GetProperty("first_error").GetInt32()));
    }

    [Fact]
    public void Backing_ThatIsTruncatedUnderALoopDevice_IsAnErrorOfTheRead()
    {
        using LoopDevice device = RequireLoop.Create(Size);
        device.TruncateBacking(Size / 2);
        Assert.Contains("Input/output error", engine.Fail("--filename=" + device.Path, "--rw=read", $"--size={Size}"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--legs={absent}", "dmio: {absent}: ", "No such file")]
    [InlineData("--legs={small}", "dmio: {small} is too small: 4096 bytes, and the job reaches to 4194304")]
    [InlineData("--legs={many}", "dmio: there can be 64 legs and no more")]
    [InlineData("--filename={file}:{other}|--legs={file}", "dmio: legs are of one file")]
    [InlineData("--legs={other}|--allow_degraded=1|--numjobs=2", "dmio: allow_degraded is of one job")]
    [InlineData("--sync=sync", "dmio: {file}: sync=sync is for block devices; set sync=dsync")]
    [InlineData("--atomic=1", "dmio: atomic is not supported")]
    [InlineData("--sync_file_range=write:8", "dmio: sync_file_range is not supported: use fsync or fdatasync")]
    [InlineData("--zonemode=zbd|--zonesize=1m", "dmio: zonemode=zbd is not supported")]
    [InlineData("--io_submit_mode=offload", "dmio: can't be used with offloaded submit")]
    public void Nonsense_IsRefused_AndSaysWhy(string options, params string[] says)
    {
        string file = FioEngine.NewFile(_folder, "file", Size), other = FioEngine.NewFile(_folder, "other", Size), small = FioEngine.NewFile(_folder, "small", 4096);
        string Filled(string text) => text
            .Replace("{absent}", _folder.PathOf("absent"), StringComparison.Ordinal).Replace("{file}", file, StringComparison.Ordinal)
            .Replace("{other}", other, StringComparison.Ordinal).Replace("{small}", small, StringComparison.Ordinal)
            .Replace("{many}", string.Join(':', Enumerable.Repeat(other, 64)), StringComparison.Ordinal);
        string said = engine.Fail(["--filename=" + file, "--rw=write", $"--size={Size}", .. Filled(options).Split('|')]);
        Assert.All(says, part => Assert.Contains(Filled(part), said, StringComparison.Ordinal));
    }

    [Fact]
    public void Blocks_ThatALegDoesNotHave_AreRefused()
    {
        using LoopDevice fine = RequireLoop.Create(Size), coarse = RequireLoop.Create(Size, new LoopDeviceOptions { BlockSize = 4096 });
        string said = engine.Fail("--filename=" + fine.Path, "--legs=" + coarse.Path, "--rw=write", "--bs=512", "--size=1m");
        Assert.Contains($"dmio: {coarse.Path} has blocks of 4096 bytes: set bs, blockalign and offset to multiples", said, StringComparison.Ordinal);
    }

    [Fact]
    public void Leg_ThatIsReadOnly_IsRefused()
    {
        string file = FioEngine.NewFile(_folder, "file", Size);
        using LoopDevice leg = RequireLoop.Create(Size);
        leg.SetReadOnly(true);
        Assert.Contains($"dmio: {leg.Path} is read-only", engine.Fail("--filename=" + file, "--legs=" + leg.Path, "--rw=write", $"--size={Size}"), StringComparison.Ordinal);
        _ = engine.Pass("--filename=" + file, "--legs=" + leg.Path, "--rw=read", $"--size={Size}");
    }

    public void Dispose() => _folder.Dispose();

    private static string LineOf(string said, string part) => said.Split('\n').Single(line => line.Contains(part, StringComparison.Ordinal));
}
