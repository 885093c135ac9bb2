using System.CommandLine;

namespace DmIoUring.Cli.Commands;

/// <summary>
/// The names of options: one thing has one name in every command, fio's where fio has one. Other names that people try, and those of earlier
/// versions, mean the same.
/// </summary>
internal static class Vocabulary
{
    public const string Filename = "--filename";
    public const string Pattern = "--rw";
    public const string Block = "--bs";
    public const string Size = "--size";
    public const string Depth = "--iodepth";
    public const string Batch = "--batch";
    public const string Rate = "--rate_iops";
    public const string Jobs = "--numjobs";
    public const string Runtime = "--runtime";
    public const string Ramp = "--ramp_time";
    public const string Memory = "--mem";
    public const string Latency = "--lat";
    public const string Seed = "--seed";
    public const string Destroy = "--destroy";
    public const string Force = "--force";
    public const string OutputFormat = "--output-format";
    public const string Json = "--json";

    /// <summary>The other names of an option.</summary>
    public static IReadOnlyDictionary<string, string[]> Aliases { get; } = new Dictionary<string, string[]>(StringComparer.Ordinal)
    {
        [Pattern] = ["--readwrite"],
        [Block] = ["--block-size", "--blocksize"],
        [Depth] = ["--depth"],
        [Batch] = ["--iodepth_batch"],
        [Rate] = ["--rate-iops", "--rate"],
        [Jobs] = ["--threads"],
        [Runtime] = ["--time", "--seconds"],
        [Ramp] = ["--ramp-time", "--ramp"],
        [Memory] = ["--iomem"],
        [Seed] = ["--randseed"],
        [OutputFormat] = ["--output_format"],
    };

    /// <summary>Gives the options of a command, and of those below it, their other names.</summary>
    public static void AddAliases(Command command)
    {
        foreach (Option option in command.Options)
        {
            foreach (string alias in Aliases.GetValueOrDefault(option.Name, []))
                option.Aliases.Add(alias);
        }

        foreach (Command below in command.Subcommands)
            AddAliases(below);
    }
}
