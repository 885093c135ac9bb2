using System.CommandLine;
using DmIoUring.Cli;
using DmIoUring.Cli.Commands;
using DmIoUring.ScratchDevices;

namespace DmIoUring.CommandTests.Cli;

/// <summary>One thing has one name in every command, and its other names mean the same.</summary>
public sealed class VocabularyTests : IDisposable
{
    private readonly CopyFiles _files = new();

    public void Dispose() => _files.Dispose();

    [Theory]
    [InlineData("--bs")]
    [InlineData("--block-size")]
    [InlineData("--blocksize")]
    public async Task BlockSize_OfACopyAndABench_HasTheSameNames(string name)
    {
        (await Dmio.RunAsync("copy", _files.Source, _files.PathOf("new"), name, "1000")).AssertRefused($"{name} 1000 must be 4K to 256M");
        (await Dmio.RunAsync("bench", "--filename", _files.Source, name, "1000")).AssertRefused($"{name} 1000 must be 512 to 256M");
    }

    [Theory]
    [InlineData("copy SOURCE NEW")]
    [InlineData("bench --filename SOURCE")]
    [InlineData("stress")]
    public async Task Depth_HasTheSameNamesEverywhere(string command)
    {
        string[] words = [.. command.Split(' ').Select(word => word is "SOURCE" ? _files.Source : word is "NEW" ? _files.PathOf("new") : word)];
        (await Dmio.RunAsync([.. words, "--iodepth", "0"])).AssertRefused("--iodepth 0 must be a number from 1");
        (await Dmio.RunAsync([.. words, "--depth", "0"])).AssertRefused("--depth 0 must be a number from 1");
    }

    [Theory]
    [InlineData("bench --filename a")]
    [InlineData("stress")]
    public async Task TimeAndJobs_HaveTheSameNamesEverywhere(string command)
    {
        foreach (string name in new[] { "--runtime", "--time", "--seconds" })
            (await Dmio.RunAsync([.. command.Split(' '), name, "0"])).AssertRefused($"{name} 0 must be more than 0 seconds");
        foreach (string name in new[] { "--numjobs", "--threads" })
            (await Dmio.RunAsync([.. command.Split(' '), name, "0"])).AssertRefused($"{name} 0 must be a number from 1 to 64");
    }

    [Theory]
    [InlineData("--json")]
    [InlineData("--output-format", "json")]
    [InlineData("--output-format=json")]
    [InlineData("--json", "--output-format", "json")]
    public async Task EveryCommand_PrintsItsDocument_WhicheverWayItIsAskedFor(params string[] format)
    {
        using ScratchFile file = ScratchFile.Create(1 << 20);
        string[][] commands =
        [
            ["info", file.Path], ["copy", _files.Source, _files.PathOf("new")],
            ["bench", "--filename", file.Path, "--runtime", "0.1", "--ramp_time", "0"], ["stress", "/nosuch"], ["mirror", "status", file.Path],
        ];
        foreach (string[] command in commands)
        {
            Dmio run = await Dmio.RunAsync([.. command, .. format]);
            Assert.StartsWith("{", run.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task JsonAndNormal_AreNotMeantTogether() =>
        (await Dmio.RunAsync("info", _files.Source, "--json", "--output-format", "normal")).AssertRefused("--json with --output-format normal");

    [Fact]
    public void NoAlias_IsTheNameOfAnotherOption()
    {
        RootCommand root = CommandLine.CreateRoot(Terminal.OfText(TextWriter.Null, TextWriter.Null));
        Vocabulary.AddAliases(root);
        Assert.All(root.Subcommands, static command =>
        {
            string[] names = [.. command.Options.SelectMany(static option => option.Aliases.Prepend(option.Name))];
            Assert.Equal(names.Distinct(StringComparer.Ordinal), names, StringComparer.Ordinal);
        });
    }

    /// <summary>What the help says in parentheses is what is used when nothing is typed, as one would type it.</summary>
    [Fact]
    public void DefaultInTheHelp_IsTheDefault()
    {
        RootCommand root = CommandLine.CreateRoot(Terminal.OfText(TextWriter.Null, TextWriter.Null));
        List<string> compared = [];
        foreach (Command command in root.Subcommands)
        {
            string required = string.Join(' ', command.Arguments.Select(static _ => "a").Concat(command.Options.Where(static option => option.Required).Select(static option => option.Name + " a")));
            foreach (Option option in command.Options.Where(static option => option.HasDefaultValue && option.HelpName is not null))
            {
                string text = option.Description![(option.Description!.LastIndexOf('(') + 1)..^1];
                object? usual = root.Parse($"{command.Name} {required}").GetResult(option)!.GetValueOrDefault<object>();
                ParseResult typed = root.Parse($"{command.Name} {required} {option.Name} {text}");
                Assert.Empty(typed.Errors);
                Assert.Equal(usual, typed.GetResult(option)!.GetValueOrDefault<object>());
                compared.Add(option.Name);
            }
        }

        Assert.Contains("--bs", compared, StringComparer.Ordinal);
        Assert.Contains("--runtime", compared, StringComparer.Ordinal);
    }
}
