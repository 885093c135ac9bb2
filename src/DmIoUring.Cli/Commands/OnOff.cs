namespace DmIoUring.Cli.Commands;

/// <summary>A switch that is written out, as fio has them; a bool would be true and false.</summary>
internal enum OnOff
{
    On,
    Off,
}
