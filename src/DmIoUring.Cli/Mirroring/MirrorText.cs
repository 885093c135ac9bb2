using System.Globalization;
using DmIoUring.Services;

namespace DmIoUring.Cli.Mirroring;

/// <summary>What the library says of a mirror, in the words of the command.</summary>
internal static class MirrorText
{
    /// <summary>Why a device can't be used as a leg, to go behind its path.</summary>
    public static string Reason(MirrorInspectedDevice device) => device.Refusal == MirrorRefusal.Split
        ? string.Create(CultureInfo.InvariantCulture, $"is leg {device.Leg} of a split mirror: it and the others were each used without the other")
        : WithoutPath(device.Reason ?? "", device.Device.Path);

    /// <summary>What to do about such a device.</summary>
    public static string Advice(MirrorUnusable refusal, MirrorAction action) => refusal switch
    {
        MirrorUnusable.NoMetadata => "Leave it out. To put it in a leg's place: dmio mirror replace.",
        MirrorUnusable.Split when action == MirrorAction.Resync => "Say which one is right by --trust LEG; what only the others have is lost then.",
        MirrorUnusable.Split => "Say which one is right by dmio mirror resync --trust LEG; what only the others have is lost then.",
        _ => "",
    };

    /// <summary>A message without the path that it begins with.</summary>
    public static string WithoutPath(string message, string path) => message.StartsWith(path + " ", StringComparison.Ordinal) ? message[(path.Length + 1)..] : message;

    public static MirrorLegCondition Condition(MirrorLegState state) => state switch
    {
        MirrorLegState.InSync => MirrorLegCondition.InSync,
        MirrorLegState.OutOfSync or MirrorLegState.Resyncing => MirrorLegCondition.OutOfSync,
        MirrorLegState.Missing => MirrorLegCondition.Missing,
    };

    public static MirrorUnusable Unusable(MirrorRefusal refusal) => refusal switch
    {
        MirrorRefusal.NoMetadata => MirrorUnusable.NoMetadata,
        MirrorRefusal.Foreign => MirrorUnusable.Foreign,
        MirrorRefusal.Split => MirrorUnusable.Split,
        MirrorRefusal.NoSource => MirrorUnusable.NoSource,
        _ => MirrorUnusable.Unsuitable,
    };
}
