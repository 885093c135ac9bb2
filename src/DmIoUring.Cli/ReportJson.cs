using System.Text.Json.Serialization;
using DmIoUring.Cli.Bench;
using DmIoUring.Cli.Copy;
using DmIoUring.Cli.Demo;
using DmIoUring.Cli.Info;
using DmIoUring.Cli.Mirroring;
using DmIoUring.Cli.Stress;

namespace DmIoUring.Cli;

/// <summary>The documents of <c>--output-format json</c>, in names like fio's; what is null is left out.</summary>
[JsonSourceGenerationOptions(
    WriteIndented = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(WordConverter<IoWaitPolicy>), typeof(WordConverter<IoCompletionPolling>), typeof(WordConverter<IoUringRefusal>), typeof(SecondsConverter)],
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(BenchReport))]
[JsonSerializable(typeof(CopyReport))]
[JsonSerializable(typeof(DemoReport))]
[JsonSerializable(typeof(InfoReport))]
[JsonSerializable(typeof(MirrorReport))]
[JsonSerializable(typeof(StressReport))]
internal sealed partial class ReportJson : JsonSerializerContext;
