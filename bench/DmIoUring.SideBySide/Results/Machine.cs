using System.Globalization;
using System.Runtime.InteropServices;
using DmIoUring.SideBySide.Running;

namespace DmIoUring.SideBySide.Results;

/// <summary>Where and when was measured, and what.</summary>
/// <param name="Kernel">Its release.</param>
/// <param name="Processor">The model.</param>
/// <param name="Cores">How many this process may use.</param>
/// <param name="Runtime">.NET's version.</param>
/// <param name="Fio">fio's version.</param>
/// <param name="Date">The day, UTC.</param>
/// <param name="Commit">The commit that was measured; with a word after it when there were changes beside it.</param>
internal sealed record Machine(string Kernel, string Processor, int Cores, string Runtime, string Fio, string Date, string Commit)
{
    private const string ModelName = "model name";

    public static async Task<Machine> DescribeAsync(string root, CancellationToken cancellation)
    {
        string? model = File.ReadLines("/proc/cpuinfo").FirstOrDefault(static line => line.StartsWith(ModelName, StringComparison.Ordinal));
        string fio = await Child.RunAsync("fio", ["--version"], cancellation);
        string commit = await Child.RunAsync("git", ["-C", root, "describe", "--always", "--abbrev=12", "--exclude=*", "--dirty=-changed"], cancellation);
        return new Machine(
            (await File.ReadAllTextAsync("/proc/sys/kernel/osrelease", cancellation)).Trim(),
            model?[(model.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString(),
            Environment.ProcessorCount,
            RuntimeInformation.FrameworkDescription,
            fio.Trim(),
            DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
            commit.Trim());
    }
}
