import numpy as np
import pytest

from atrisys.errors import Invalid
from atrisys.imaging.colormaps import css_colour, names, ramp
from atrisys.imaging.display import Channel, Display, read_display
from atrisys.imaging.look import look_at
from atrisys.imaging.reader import Plane
from atrisys.imaging.regions import read_scaled
from given import memory_slide


def shown(slide, display, plane=Plane(), most_bits=32):
    """The whole slide as the display shows it."""
    look = look_at(slide, plane, display, most_bits)
    size = slide.facts.width, slide.facts.height
    read = [read_scaled(slide, memory_slide.Box(0, 0, *size), size, where) for where in look.planes]
    pixels = look.render(read)
    assert pixels.shape[2] == look.samples
    assert pixels.dtype == f"u{look.bits // 8}"
    return pixels


def rgb():
    return memory_slide.slide(64, 48)


def own(slide, plane=Plane()):
    return slide.planes[plane][0]


def deep(values):
    return memory_slide.slide(pixels=np.array(values, np.uint16).reshape(1, -1, 1))


def grey(values):
    return memory_slide.slide(pixels=np.array(values, np.uint8).reshape(1, -1, 1))


def stack():
    """Three channels of 16 bits, two focal planes; channel c of plane z holds 1000·c + 100·z and up."""
    pictures = {
        Plane(c, z): np.full((4, 4, 1), 1000 * c + 100 * z, np.uint16) + np.arange(16, dtype=np.uint16).reshape(4, 4, 1)
        for c in range(3)
        for z in range(2)
    }
    return memory_slide.planes(pictures, channel_colors=("#ff0000", "#00ff00", "#0000ff"))


def test_an_rgb_slide_is_shown_as_it_is():
    slide = rgb()
    look = look_at(slide, Plane(), Display(), 8)
    read = [own(slide)]
    assert look.render(read) is read[0]


def test_inverse_turns_every_sample_round():
    slide = rgb()
    assert np.array_equal(shown(slide, read_display(inverse=True)), 255 - own(slide))
    assert np.array_equal(shown(slide, read_display(colormap="!DEFAULT")), 255 - own(slide))
    assert np.array_equal(shown(slide, read_display(colormap="!DEFAULT", inverse=True)), own(slide))


def test_gamma_bends_what_is_between_and_keeps_the_ends():
    found = shown(grey([0, 64, 128, 255]), read_display(gamma=2))
    assert found.ravel().tolist() == [0, 16, 64, 255]
    assert shown(grey([0, 64, 128, 255]), read_display(gamma="0.5")).ravel().tolist() == [0, 128, 181, 255]


def test_contrast_spreads_about_the_middle():
    assert shown(grey([0, 100, 127, 155, 255]), read_display(contrast=3)).ravel().tolist() == [0, 45, 126, 210, 255]


def test_a_window_of_intensities_is_spread_over_the_whole_range():
    found = shown(grey([0, 50, 100, 150, 200]), read_display(low="50", high="150"))
    assert found.ravel().tolist() == [0, 0, 128, 255, 255]


def test_a_deep_slide_is_shown_from_its_darkest_to_its_brightest():
    slide = deep([100, 1100, 2100])
    assert shown(slide, Display()).ravel().tolist() == [0, 128, 255]


def test_asked_for_in_eight_bits_a_deep_slide_keeps_its_proportions():
    slide = deep([0, 257, 65535])
    assert shown(slide, read_display(bits="8")).ravel().tolist() == [0, 1, 255]


def test_as_many_bits_as_the_slide_has_leave_its_counts_alone():
    slide = deep([0, 257, 4095])
    for bits in ("16", "max"):
        found = shown(slide, read_display(bits=bits))
        assert found.dtype == np.uint16
        assert found.ravel().tolist() == [0, 257, 4095]
    assert shown(slide, read_display(bits=32)).ravel().tolist() == [0, 257 * 65537, 4095 * 65537]


def test_a_format_of_fewer_bits_gets_fewer():
    assert shown(deep([0, 65535]), read_display(bits="max"), most_bits=8).ravel().tolist() == [0, 255]
    assert shown(grey([0, 7, 255]), read_display(bits=16), most_bits=16).ravel().tolist() == [0, 7 * 257, 65535]


def test_bounds_are_measured_in_the_plane_or_over_all_its_channel():
    slide = stack()
    plane = shown(slide, read_display(low="STRETCH_PLANE", high="STRETCH_PLANE"), Plane(1, 1))
    assert (plane.min(), plane.max()) == (0, 255)
    image = shown(slide, read_display(low="AUTO_IMAGE", high="AUTO_IMAGE"), Plane(1, 1))
    assert image.max() == 255
    assert image.min() == round(100 / 115 * 255)


def test_bounds_of_an_eight_bit_slide_are_measured_only_where_stretching_is_asked_for():
    slide = grey([50, 100, 150])
    assert shown(slide, read_display(low="AUTO_PLANE", high="AUTO_PLANE")).ravel().tolist() == [50, 100, 150]
    assert shown(slide, read_display(low="STRETCH_PLANE", high="STRETCH_PLANE")).ravel().tolist() == [0, 128, 255]


def test_a_plane_of_one_value_can_be_shown():
    assert shown(deep([7, 7, 7]), Display()).ravel().tolist() == [0, 0, 0]


def test_a_colour_map_colours_a_grey_slide():
    found = shown(grey([0, 128, 255]), read_display(colormap="red"))
    assert found.reshape(-1, 3).tolist() == [[0, 0, 0], [128, 0, 0], [255, 0, 0]]
    found = shown(grey([0, 255]), read_display(colormap="!#0000ff"))
    assert found.reshape(-1, 3).tolist() == [[0, 0, 255], [0, 0, 0]]


def test_one_colour_map_on_rgb_colours_the_brightness():
    slide = memory_slide.slide(pixels=np.array([[[255, 255, 255], [0, 0, 0], [0, 255, 0]]], np.uint8))
    found = shown(slide, read_display(colormap="GRAY"))
    assert found.reshape(-1, 3).tolist() == [[255] * 3, [0] * 3, [150] * 3]


def test_red_green_and_blue_shown_as_three_channels_are_the_picture_again():
    slide = rgb()
    assert np.array_equal(shown(slide, read_display(channels="0,1,2")), own(slide))


def test_one_sample_of_rgb_is_shown_in_its_colour():
    slide = rgb()
    found = shown(slide, read_display(channels="1"))
    assert np.array_equal(found[..., 1], own(slide)[..., 1])
    assert not found[..., 0].any()
    assert not found[..., 2].any()


def test_channels_are_laid_over_one_another_in_their_own_colours():
    slide = stack()
    found = shown(slide, read_display(channels="0,2"), Plane(0, 1))
    assert found[0, 0].tolist() == [round(100 / 115 * 255), 0, round(100 / 115 * 255)]
    assert found[3, 3].tolist() == [255, 0, 255]
    assert look_at(slide, Plane(0, 1), read_display(channels="0,2"), 8).planes == (Plane(0, 1), Plane(2, 1))


def test_each_channel_has_its_own_bounds_and_map():
    slide = stack()
    display = read_display(channels="0,1", low="0,1000", high="15,1030", colormap="CYAN,#ff0000", gamma="1,1")
    found = shown(slide, display)
    assert found[3, 3].tolist() == [128, 255, 255]


def test_colours_that_add_up_to_more_than_full_stay_full():
    slide = stack()
    found = shown(slide, read_display(channels="0,1", low="0", high="1", colormap="WHITE"))
    assert (found[1:] == 255).all()


def test_several_gammas_mean_several_channels():
    slide = rgb()
    found = shown(slide, read_display(gamma="1,1,10"))
    assert np.array_equal(found[..., :2], own(slide)[..., :2])
    assert (found[..., 2] <= own(slide)[..., 2]).all()


@pytest.mark.parametrize("name", names())
def test_every_map_runs_over_the_whole_range_and_can_be_turned(name):
    colours = ramp(name, 256)
    assert colours.shape == (256, 3)
    assert colours.min() >= 0
    assert colours.max() <= 1
    assert np.abs(np.diff(colours, axis=0)).sum() >= 1
    assert np.array_equal(ramp("!" + name.lower(), 256), colours[::-1])
    assert np.array_equal(ramp("!!" + name, 256), colours)


def test_an_unknown_map_is_refused_with_the_names_that_there_are():
    with pytest.raises(Invalid, match="VIRIDIS"):
        shown(rgb(), read_display(colormap="nonsense"))
    with pytest.raises(Invalid):
        shown(rgb(), read_display(colormap="!" * 100_000))


def test_css_colours_are_known_by_name_and_by_code():
    assert css_colour("Lime") == css_colour("#00FF00") == css_colour("0x00ff00") == css_colour("#0f0") == (0, 1, 0)
    assert css_colour("#12345") is None
    assert css_colour("constructor") is None


@pytest.mark.parametrize(
    "asked",
    [
        {"bits": "9"},
        {"bits": "many"},
        {"gamma": "-1"},
        {"gamma": "11"},
        {"gamma": "nan"},
        {"gamma": "x"},
        {"contrast": -1.0},
        {"contrast": float("nan")},
        {"low": "DARK"},
        {"low": "nan"},
        {"high": "inf"},
        {"channels": "a"},
        {"channels": "0,1", "gamma": "1,2,3"},
    ],
)
def test_what_cannot_be_used_is_refused(asked):
    with pytest.raises(Invalid):
        read_display(**asked)


def test_a_channel_that_the_slide_has_not_is_refused():
    for index in ("3", "-1"):
        with pytest.raises(Invalid):
            shown(rgb(), read_display(channels=index))
    with pytest.raises(Invalid):
        look_at(stack(), Plane(), Display((Channel(3),)), 8)


def test_channels_are_named_once_each():
    slide = stack()
    for channels in ("0,1,0", "1,1"):
        with pytest.raises(Invalid, match="is named twice"):
            shown(slide, read_display(channels=channels, colormap="RED"))


def test_very_many_channels_are_refused_before_anything_is_measured():
    slide = stack()
    for count in (200, 10_000):
        for said in ({"channels": "0," * count}, {"gamma": "1," * count}):
            with pytest.raises(Invalid):
                look_at(slide, Plane(), read_display(**said), 8)
    assert slide.reads == []
