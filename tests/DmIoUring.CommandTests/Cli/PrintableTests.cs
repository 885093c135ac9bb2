using System.Text;
using System.Text.RegularExpressions;
using DmIoUring.Cli;
using DmIoUring.Cli.Commands;
using DmIoUring.Cli.Copy;
using DmIoUring.Testing;
using DmIoUring.TestSupport;

namespace DmIoUring.CommandTests.Cli;

/// <summary>What a user typed, as it comes back to the terminal.</summary>
public sealed partial class PrintableTests : IDisposable
{
    private const string Nasty = "a\e[31mred\nnew\rline\u202etxt\u009bx[red]y[[";
    private const string Shown = @"a\x1b[31mred\nnew\rline\u202etxt\x9bx[red]y[[";
    private readonly CopyFiles _files = new();

    public void Dispose() => _files.Dispose();

    [Theory]
    [InlineData("/dev/sda1 größe 木 🙂", "/dev/sda1 größe 木 🙂")]
    [InlineData("", "")]
    [InlineData("a\nb", @"a\nb")]
    [InlineData("\e]0;title\a", @"\x1b]0;title\x07")]
    [InlineData(Nasty, Shown)]
    public void Printable_EscapesWhatIsNotPrinted_AndNothingElse(string text, string expected) => Assert.Equal(expected, Printable.Of(text));

    public static TheoryData<string> Uses => [
        "copy NASTY new", "copy source NASTY/new", "info NASTY", "bench --filename NASTY",
        "bench --filename source --rw NASTY", "stress NASTY", "stress --NASTY", "NASTY", "copy source new --block-size NASTY"];

    [Theory]
    [MemberData(nameof(Uses))]
    public async Task RefusedPathOrWord_IsShownEscaped(string use)
    {
        string[] arguments = [.. use.Split(' ').Select(word => word
            .Replace("NASTY", word.StartsWith("--", StringComparison.Ordinal) ? Nasty : _files.PathOf(Nasty), StringComparison.Ordinal)
            .Replace("source", _files.Source, StringComparison.Ordinal))];
        Dmio run = await Dmio.RunAsync(arguments);
        Assert.Equal(2, run.ExitCode);
        AssertHasNoControls(run.Output + run.Errors);
        Assert.Contains(Shown, run.Errors, StringComparison.Ordinal);
    }

    public static TheoryData<string> Commands =>
    [
        "info NASTY", "info nosuch/NASTY", "copy NASTY NEW", "copy NASTY nosuch/NEW", "copy NASTY FAULTY",
        "bench --filename NASTY --rw read --runtime 0.1 --ramp_time 0", "bench --filename NASTY --rw write",
        "bench --filename NASTY:NEW --rw read --per-device", "stress NASTY --destroy --runtime 0.3 --size 1M --numjobs 1", "stress nosuch/NASTY",
    ];

    /// <summary>On a terminal with colours too: the codes there are the console's own, and none is within a path, which brackets would ask for.</summary>
    [Theory]
    [MemberData(nameof(Commands))]
    public async Task PathsOfEveryCommand_AreWholeAndUncoloured(string command)
    {
        using FaultDevice device = new(size: 4 << 20);
        using Fault fault = device.File.Fail(MediumOperations.Write, errno: 5);
        string path = _files.Make(Nasty, _files.Content);
        string[] words = [.. command.Split(' ').Select(word => word
            .Replace("NASTY", word.StartsWith("nosuch", StringComparison.Ordinal) ? Nasty : path, StringComparison.Ordinal)
            .Replace("NEW", _files.PathOf("new" + Nasty), StringComparison.Ordinal)
            .Replace("FAULTY", device.Path, StringComparison.Ordinal))];
        foreach (bool colours in new[] { false, true })
        {
            StringWriter output = new();
            Terminal terminal = Terminal.OfText(output, output, look: new TerminalLook(Width: 400, Colours: colours));
            await CommandLine.RunAsync(words, terminal, TestContext.Current.CancellationToken);
            string text = output.ToString();
            Assert.Contains(Shown, text, StringComparison.Ordinal);
            AssertHasNoControls(OwnCodes().Replace(text, ""));
            Assert.Equal(colours, OwnCodes().IsMatch(text));
        }
    }

    [Fact]
    public async Task PathsOfResults_AreShownEscaped_AndExactInTheDocument()
    {
        string source = _files.Make(Nasty, _files.Content);
        string destination = _files.PathOf(Nasty + "2");

        Dmio copy = await Dmio.RunAsync("copy", source, destination);
        Assert.Equal(0, copy.ExitCode);
        AssertHasNoControls(copy.Output + copy.Errors);
        Assert.Contains(@"a\x1b[31mred\n", copy.Output, StringComparison.Ordinal);

        Dmio info = await Dmio.RunAsync("info", source);
        AssertHasNoControls(info.Output + info.Errors);
        Assert.Contains(@"a\x1b[31mred\n", info.Output, StringComparison.Ordinal);

        CopyReport report = (await Dmio.RunAsync("copy", source, destination, "--json")).CopyReport();
        Assert.Equal((source, destination), (report.Source, report.Destinations![0].Path));
        Assert.Equal(source, (await Dmio.RunAsync("info", source, "--json")).Document(ReportJson.Default.InfoReport).Devices[0].Path);
    }

    [Fact]
    public async Task PathOfABenchAndAStress_IsShownEscaped()
    {
        string path = _files.Make(Nasty, _files.Content);
        Dmio bench = await Dmio.RunAsync("bench", "--filename", path, "--rw", "read", "--runtime", "0.1", "--ramp", "0");
        Assert.Equal(0, bench.ExitCode);
        AssertHasNoControls(bench.Output + bench.Errors);
        Dmio stress = await Dmio.RunAsync("stress", path, "--destroy", "--time", "1", "--size", "1M");
        Assert.Equal(0, stress.ExitCode);
        AssertHasNoControls(stress.Output + stress.Errors);
    }

    [Theory]
    [InlineData(new byte[] { (byte)'c', (byte)'a', (byte)'f', 0xE9 }, @"caf\xe9")]
    [InlineData(new byte[] { 0xED, 0xA0, 0x80 }, @"\xed\xa0\x80")]
    [InlineData(new byte[] { (byte)'a', 0xFF, (byte)'b' }, @"a\xffb")]
    public void ArgumentThatIsNotUtf8_IsFound(byte[] argument, string shown) =>
        Assert.Equal(shown, RawArguments.FirstInvalid([.. "dmio\0copy\0"u8, .. argument, 0]));

    [Fact]
    public void ArgumentsThatAreUtf8_AreAccepted() =>
        Assert.Null(RawArguments.FirstInvalid(Encoding.UTF8.GetBytes("dmio\0größe\0木\0\uFFFD\0")));

    [Theory]
    [InlineData("copy \"$0\" \"$(printf 'caf\\351')\"")]
    [InlineData("copy \"$(printf 'caf\\351')\" new")]
    [InlineData("info \"$(printf 'caf\\351')\"")]
    [InlineData("bench --filename \"$(printf 'caf\\351')\" --rw write --size 1M --runtime 0.1")]
    [InlineData("stress \"$(printf 'caf\\351')\" --time 1")]
    public void PathThatIsNotUtf8_IsRefused_AndNoOtherFileIsMade(string arguments)
    {
        string[] before = Directory.GetFiles(_files.Folder);
        string script = $"cd '{_files.Folder}' && exec '{DotNetHost.Path}' '{BuiltCommand.Assembly}' {arguments}";
        ChildProcess run = ChildProcess.Run("sh", "-c", script, _files.Source)!;
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(@"caf\xe9: is not UTF-8", run.Errors, StringComparison.Ordinal);
        Assert.Equal(before, Directory.GetFiles(_files.Folder));
    }

    /// <summary>What sets colours and styles (SGR, ECMA-48).</summary>
    [GeneratedRegex("\\x1b\\[[0-9;]*m", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex OwnCodes();

    private static void AssertHasNoControls(string text) =>
        Assert.DoesNotContain(text, character => character != '\n' && (char.IsControl(character) || character is '\u202e'));
}
