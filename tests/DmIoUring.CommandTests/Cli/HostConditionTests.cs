using System.Globalization;
using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;

namespace DmIoUring.CommandTests.Cli;

/// <summary>
/// Every command under every condition of the host that is not its own fault: one line and a documented exit code, never an exception,
/// and what was done stays done.
/// </summary>
public sealed class HostConditionTests : IDisposable
{
    private const string Root = "only root can do that";
    private readonly CopyFiles _files = new();

    public void Dispose() => _files.Dispose();

    /// <summary>A shell's words around the command, which is "$@".</summary>
    private static readonly Dictionary<string, string[]> Conditions = new(StringComparer.Ordinal)
    {
        ["nothing"] = ["sh", "-c", "exec \"$@\"", "sh"],
        ["no sysfs"] = ["unshare", "-m", "sh", "-c", "mount -t tmpfs none /sys && exec \"$@\"", "sh"],
        ["proc without what is not of processes"] = ["unshare", "-m", "sh", "-c", "mount -t proc -o subset=pid proc /proc && exec \"$@\"", "sh"],
        ["output full"] = ["sh", "-c", "exec \"$@\" >/dev/full", "sh"],
        ["output closed"] = ["sh", "-c", "exec \"$@\" >&-", "sh"],
        ["output's reader gone"] = ["bash", "-c", "\"$@\" | true; exit ${PIPESTATUS[0]}", "sh"],
        ["errors full"] = ["sh", "-c", "exec \"$@\" 2>/dev/full", "sh"],
        ["errors closed"] = ["sh", "-c", "exec \"$@\" 2>&-", "sh"],
        ["everything closed"] = ["sh", "-c", "exec \"$@\" <&- >&- 2>&-", "sh"],

        // .NET keeps its code in a file in memory otherwise, larger than any limit.
        ["files at most 256 KiB"] = ["bash", "-c", "export DOTNET_EnableWriteXorExecute=0; ulimit -f 256; exec \"$@\"", "sh"],
        ["no permission"] = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"],
    };

    private static readonly Dictionary<string, string> Commands = new(StringComparer.Ordinal)
    {
        ["copy to a new file"] = "copy SOURCE NEW",
        ["copy to a device, verified"] = "copy SOURCE LOOP --verify --json",
        ["info"] = "info LOOP SOURCE",
        ["bench"] = "bench --filename LOOP --rw randread --runtime 0.2 --ramp 0",
        ["stress"] = "stress --time 1 --size 1M --threads 1",
    };

    public static IEnumerable<TheoryDataRow<string, string>> Cases =>
        from condition in Conditions.Keys
        from command in Commands.Keys
        select new TheoryDataRow<string, string>(condition, command);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Command_UnderTheCondition_EndsAsDocumented(string condition, string command)
    {
        Require.That(Environment.IsPrivilegedProcess ? null : Root);
        using LoopDevice loop = RequireLoop.Create(CopyFiles.SourceSize);
        string created = _files.PathOf("new");
        IEnumerable<string> arguments = Commands[command].Split(' ').Select(word => word switch
        {
            "SOURCE" => _files.Source,
            "NEW" => created,
            "LOOP" => loop.Path,
            _ => word,
        });
        string[] words = [.. Conditions[condition], "env", "TMPDIR=" + _files.Folder, DotNetHost.Path, BuiltCommand.Assembly, .. arguments];

        ChildProcess? run = ChildProcess.Run(words[0], words[1..]);

        Require.That(run is null ? $"there is no {words[0]}" : null);
        Assert.DoesNotContain("Unhandled", run!.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Errors, StringComparison.Ordinal);
        int expected = Expected(condition, command);
        Assert.True(expected == run.ExitCode, string.Create(
            CultureInfo.InvariantCulture, $"{expected} expected, {run.ExitCode} found: {run.Errors}{run.Output}"));
        if (expected is not 0 && run.Errors.Length > 0)
            Assert.StartsWith("dmio: ", run.Errors, StringComparison.Ordinal);
        if (expected is 2)
            Assert.False(File.Exists(created));
        else if (command is "copy to a new file")
            Assert.Equal(_files.Content, File.ReadAllBytes(created));
        else if (command is "copy to a device, verified")
            Assert.Equal(_files.Content, File.ReadAllBytes(loop.Path));
    }

    [Theory]
    [InlineData("output full", "No space left on device")]
    [InlineData("output closed", "it is closed")]
    public void OutputThatCannotBeWritten_IsToldOnErrors_WithHowTheWorkEnded(string condition, string why)
    {
        string[] words = Conditions[condition];
        ChildProcess done = ChildProcess.Run(
            words[0], [.. words[1..], DotNetHost.Path, BuiltCommand.Assembly, "copy", _files.Source, _files.PathOf("new")])!;
        Assert.Equal($"dmio: standard output can't be written: {why}; the work itself ended with 0, all done\n", done.Errors);
        ChildProcess refused = ChildProcess.Run(
            words[0], [.. words[1..], DotNetHost.Path, BuiltCommand.Assembly, "copy", _files.PathOf("nothing"), _files.PathOf("new"), "--json"])!;
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains($"{why}; the work itself ended with 2", refused.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void FileSizeLimit_OnAFileThatIsThere_FailsFromThatSectorOn()
    {
        string destination = _files.MakeFilled("destination", CopyFiles.SourceSize);
        string[] words = Conditions["files at most 256 KiB"];
        ChildProcess run = ChildProcess.Run(
            words[0], [.. words[1..], DotNetHost.Path, BuiltCommand.Assembly, "copy", _files.Source, destination])!;
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("writing sector 512: EFBIG", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(">/dev/full", 3)]
    [InlineData(">&-", 3)]
    [InlineData("2>&-", 0)]
    public void Demo_WithoutAReader_EndsAsDocumented(string redirection, int expected)
    {
        using ScratchFolder memory = ScratchFolder.Create("/dev/shm");
        ChildProcess run = ChildProcess.Run(
            "sh", "-c", $"exec \"$@\" {redirection}", "sh", "env", "TMPDIR=" + memory.Path, DotNetHost.Path, BuiltCommand.Assembly, "demo")!;
        Assert.Equal(expected, run.ExitCode);
    }

    private static int Expected(string condition, string command) => (condition, command) switch
    {
        ("output full" or "output closed" or "everything closed", _) => 3,
        ("no permission", _) => 2,
        ("files at most 256 KiB", "copy to a new file" or "stress") => 2,
        _ => 0,
    };
}
