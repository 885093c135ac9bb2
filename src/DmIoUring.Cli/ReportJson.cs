using System.Text.Json.Serialization;
using DmIoUring.Cli.Copy;
using DmIoUring.Cli.Demo;
using DmIoUring.Cli.Info;
using DmIoUring.Cli.Stress;

namespace DmIoUring.Cli;

/// <summary>The documents that <c>--json</c> prints.</summary>
[JsonSourceGenerationOptions(
    WriteIndented = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(CopyReport))]
[JsonSerializable(typeof(DemoReport))]
[JsonSerializable(typeof(InfoReport))]
[JsonSerializable(typeof(StressReport))]
internal sealed partial class ReportJson : JsonSerializerContext;
