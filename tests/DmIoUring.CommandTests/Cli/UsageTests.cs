using DmIoUring.Cli.Commands;
using DmIoUring.TestSupport;

namespace DmIoUring.CommandTests.Cli;

public sealed class UsageTests
{
    [Theory]
    [InlineData()]
    [InlineData("copy")]
    [InlineData("copy", "a")]
    [InlineData("copy", "a", "b", "--block-size")]
    [InlineData("copy", "a", "b", "--block-size", "12x")]
    [InlineData("copy", "a", "b", "--block-size", "1000")]
    [InlineData("copy", "a", "b", "--block-size", "4294967296K")]
    [InlineData("copy", "a", "b", "--depth", "0")]
    [InlineData("copy", "a", "b", "--depth", "many")]
    [InlineData("copy", "a", "")]
    [InlineData("info")]
    [InlineData("demo", "more")]
    [InlineData("stress", "--time", "0")]
    [InlineData("stress", "--time", "1d")]
    [InlineData("stress", "--threads", "0")]
    [InlineData("stress", "--depth", "65")]
    [InlineData("stress", "--size", "512K")]
    [InlineData("stress", "--seed", "x")]
    [InlineData("stress", "")]
    public async Task UsedWrongly_EndsWithTwo_AndSaysHowToGetHelp(params string[] arguments)
    {
        Dmio run = await Dmio.RunAsync(arguments);
        Assert.Equal(2, run.ExitCode);
        Assert.Equal("", run.Output);
        Assert.Contains(arguments.Length == 0 ? "Usage:" : "--help", run.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("copy a b --verfiy", "unknown option --verfiy; did you mean --verify?")]
    [InlineData("bench --filename a --rutime 5", "unknown option --rutime; did you mean --runtime?")]
    [InlineData("bench --filename a --rutime=5", "unknown option --rutime; did you mean --runtime?")]
    [InlineData("bench --filename a --rampt 5", "unknown option --rampt; did you mean --ramp?")]
    [InlineData("stress --thread 5", "unknown option --thread; did you mean --threads?")]
    [InlineData("info a --jsn", "unknown option --jsn; did you mean --json?")]
    [InlineData("info a --hlep", "unknown option --hlep; did you mean --help?")]
    [InlineData("cpoy a b", "unknown command cpoy; did you mean copy?")]
    public async Task Typo_IsOneLine_WithWhatWasMeant(string arguments, string line)
    {
        Dmio run = await Dmio.RunAsync(arguments.Split(' '));
        Assert.Equal(2, run.ExitCode);
        Assert.Equal("", run.Output);
        Assert.Equal($"dmio: {line}\n", run.Errors);
    }

    [Theory]
    [InlineData("copy a b --xyzzy", "unknown option --xyzzy", "dmio copy --help. If it is a file, write ./--xyzzy")]
    [InlineData("demo -v", "unknown option -v", "dmio demo --help")]
    [InlineData("xyzzy", "unknown command xyzzy", "dmio --help")]
    [InlineData("demo more", "unexpected argument 'more'", "dmio demo --help")]
    [InlineData("copy a", "DST is missing", "dmio copy --help")]
    [InlineData("bench", "--filename A[:B...] is missing", "dmio bench --help")]
    [InlineData("copy a b --depth", "--depth needs a value: N", "dmio copy --help")]
    [InlineData("bench --filename a --rw", "--rw needs a value: randread, randrw, randwrite, read, write", "dmio bench --help")]
    [InlineData("bench --filename a --filename b", "Option '--filename' expects a single argument but 2 were provided", "dmio bench --help")]
    [InlineData("info a --json --output-format x", "--output-format x must be one of normal, json", "dmio info --help")]
    public async Task OtherMistakes_AreALine_AndWhereToRead(string arguments, string line, string see)
    {
        Dmio run = await Dmio.RunAsync(arguments.Split(' '));
        Assert.Equal(2, run.ExitCode);
        Assert.Equal($"dmio: {line}\n      See: {see}\n", run.Errors);
    }

    [Theory]
    [InlineData("@nosuch")]
    [InlineData("/h")]
    [InlineData("/?")]
    public async Task PathThatOtherParsersTakeForSomethingElse_IsAPath(string path) => (await Dmio.RunAsync("info", path)).AssertRefused($"{path}: does not exist");

    [Theory]
    [InlineData("")]
    [InlineData("copy")]
    [InlineData("info")]
    [InlineData("demo")]
    [InlineData("stress")]
    [InlineData("bench")]
    public async Task Help_FitsAWindow(string command)
    {
        string[] words = command.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        string[] lines = (await Dmio.RunAsync([.. words, "--help"])).Output.TrimEnd('\n').Split('\n');
        Assert.True(lines.Length <= HelpPage.Height, string.Join('\n', lines));
        Assert.All(lines, static line => Assert.True(line.Length <= HelpPage.Width, line));
        Assert.Equal(string.Join('\n', lines), (await Dmio.RunAsync([.. words, "-h"])).Output.TrimEnd('\n'));
    }

    [Fact]
    public async Task HelpAll_OfABench_ShowsEveryOption()
    {
        string help = (await Dmio.RunAsync("bench", "--help")).Output;
        string all = (await Dmio.RunAsync("bench", "--help-all")).Output;
        Assert.Contains("dmio bench --help-all", help, StringComparison.Ordinal);
        Assert.DoesNotContain("--sqpoll", help, StringComparison.Ordinal);
        Assert.Contains("--sqpoll MSEC", all, StringComparison.Ordinal);
        Assert.All(all.Split('\n'), static line => Assert.True(line.Length <= HelpPage.Width, line));
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("copy", "--help")]
    [InlineData("info", "--help")]
    [InlineData("demo", "--help")]
    [InlineData("stress", "--help")]
    [InlineData("bench", "--help")]
    [InlineData("bench", "--help-all")]
    [InlineData("--version")]
    public async Task HelpAndVersion_EndWithZero(params string[] arguments)
    {
        Dmio run = await Dmio.RunAsync(arguments);
        Assert.Equal(0, run.ExitCode);
        Assert.False(string.IsNullOrEmpty(run.Output));
        Assert.Equal("", run.Errors);
    }

    [Fact]
    public void UsedWrongly_AsAProcess_EndsWithTwo()
    {
        ChildProcess run = BuiltCommand.Run("copy", "/nosuch", "/dev/null");
        Assert.Equal(2, run.ExitCode);
        Assert.Equal("", run.Output);
        Assert.Contains("/nosuch: does not exist", run.Errors, StringComparison.Ordinal);
    }
}
