using System.CommandLine;
using DmIoUring.Services;

namespace DmIoUring.Cli.Commands;

/// <summary>How many bytes a second are copied at most.</summary>
internal static class ThrottleOption
{
    public static Option<long?> Create(string description) => new("--throttle")
    {
        Description = description,
        HelpName = "SIZE",
        CustomParser = static result => NumberOption.ParseSize(result, least: 1, CopyThrottle.MaxBytesPerSecond, multiple: 1),
    };
}
