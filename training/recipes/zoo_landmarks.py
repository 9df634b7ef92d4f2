"""The landmark models of the zoo: cnn-450, cnn-128, MobileNetV2 and ResNet50 with their points.

Where the table of the zoo is silent (rates, lengths of an epoch, batch sizes) Adam's usual rate is
taken and as many batches as the original data set gave.
"""

from dataclasses import replace

from training.fit import Schedule
from training.networks.mobilenet_points import mobilenet_conv, mobilenet_dense
from training.networks.plain_cnn import cnn_128, cnn_450, cnn_450_scaled
from training.networks.resnet_points import resnet50_muct
from training.zoo.card import ZooCard
from training.zoo.landmark_recipe import LandmarkZooRecipe
from training.zoo.losses import mean_distance, squared_error
from training.zoo.point_batches import Augmentation

_CODE = "training/recipes/zoo_landmarks.py"
_AFLW = {"aflw2000_3d": 0.5, "renders": 0.5}
# The first three are copies of 300-W: one of them is enough.
_IBUG = {"ibug_300w_large": 0.4, "w300": 0.4, "pts-folder": 0.4, "renders": 0.2}
_UNTOLD = (
    "The system that it was rebuilt from saw whole pictures, in which the face stood alike; here "
    "every network sees the service's crop."
)

CNN_450 = LandmarkZooRecipe(
    name="cnn-450",
    scheme="aflw-21",
    size=450,
    network=lambda _imagenet: cnn_450(),
    loss=squared_error(450),
    batch=16,
    schedule=Schedule(epochs=100, steps_per_epoch=31, learning_rate=1e-3, method="adam"),
    shares=_AFLW,
    tests=("aflw2000_3d", "renders-test"),
    about=ZooCard(
        "21 points from a 450-pixel crop: three convolutions on raw pixels and one dense layer of "
        "45 million weights, without normalisation.",
        (_UNTOLD, "Nothing was done to its training crops: no turning, scaling or mirroring."),
        _CODE,
        ("points",),
    ),
)
CNN_450_SCALED = replace(
    CNN_450,
    name="cnn-450-scaled",
    network=lambda _imagenet: cnn_450_scaled(),
    about=replace(
        CNN_450.about,
        summary="21 points from a 450-pixel crop: cnn-450 with pixels of 0..1 instead of 0..255.",
    ),
)
CNN_128 = LandmarkZooRecipe(
    name="cnn-128",
    scheme="aflw-21",
    size=128,
    network=lambda _imagenet: cnn_128(),
    loss=squared_error(128),
    batch=64,
    schedule=Schedule(epochs=100, steps_per_epoch=25, learning_rate=1e-3, method="adam"),
    shares=_AFLW,
    tests=CNN_450.tests,
    about=replace(
        CNN_450.about, summary="21 points from a 128-pixel crop: a plain network of eight "
        "convolutions and 1.7 million weights."
    ),
)  # fmt: skip
# Zeros are 64 pixels from the points. What the first steps do about that leaves layers that answer
# nearly the same for every picture, and the network says the mean face for a thousand steps.
CNN_128_REPAIRED = replace(
    CNN_128,
    name="cnn-128-repaired",
    begins_at_mean=True,
    about=replace(
        CNN_128.about,
        summary="21 points from a 128-pixel crop: cnn-128 with a read-out that begins at the mean "
        "face instead of at zeros.",
    ),
)
# Its second run, which learnt the training faces by heart: see history.png beside the other's.
CNN_128_LONG = replace(
    CNN_128,
    name="cnn-128-long",
    batch=16,
    schedule=Schedule(epochs=1000, steps_per_epoch=100, learning_rate=1e-3, method="adam"),
    about=replace(
        CNN_128.about,
        summary="21 points from a 128-pixel crop: cnn-128 trained ten times as long on few faces, "
        "in batches of 16, to show that it then learns them by heart.",
    ),
)
MOBILENETV2_CONV = LandmarkZooRecipe(
    name="mobilenetv2-conv",
    scheme="ibug-68",
    size=224,
    network=mobilenet_conv,
    loss=squared_error(),
    batch=16,
    schedule=Schedule(
        epochs=120,
        steps_per_epoch=1000,
        learning_rate=1e-3,
        method="amsgrad",
        phases=((5 / 12, 1.0), (4 / 12, 0.2), (3 / 12, 0.1)),
    ),
    shares=_IBUG,
    tests=("w300", "ibug_300w_large", "pts-folder", "renders-test"),
    about=ZooCard(
        "68 points from a 224-pixel crop: MobileNetV2 cut in its middle, read out by a convolution "
        "over the whole map.",
        ("It was made for crops of dlib's face boxes; here it sees the service's crop.",),
        _CODE,
        ("points",),
    ),
    augmentation=Augmentation(most_turned=45.0, smallest=0.7),
    imagenet=True,
)
MOBILENETV2_DENSE = replace(
    MOBILENETV2_CONV,
    name="mobilenetv2-dense",
    network=mobilenet_dense,
    about=replace(
        MOBILENETV2_CONV.about,
        summary="68 points from a 224-pixel crop: mobilenetv2-conv with a dense layer as read-out, "
        "of the same size.",
    ),
)
RESNET50_MUCT = LandmarkZooRecipe(
    name="resnet50-muct",
    scheme="muct-76",
    size=224,
    network=resnet50_muct,
    loss=mean_distance,
    batch=16,
    schedule=Schedule(epochs=8, steps_per_epoch=164, learning_rate=1e-3, method="adam"),
    shares={"muct": 0.5, "renders": 0.5},
    tests=("muct", "renders-test"),
    about=ZooCard(
        "76 points from a 224-pixel crop: ResNet50, global average pooling, a sigmoid for each "
        "coordinate.",
        (_UNTOLD, "Points beyond the crop's edge cannot be answered: a sigmoid ends there."),
        _CODE,
        ("points",),
    ),
    imagenet=True,
)
LANDMARK_ZOO = (
    CNN_450,
    CNN_450_SCALED,
    CNN_128,
    CNN_128_REPAIRED,
    CNN_128_LONG,
    MOBILENETV2_CONV,
    MOBILENETV2_DENSE,
    RESNET50_MUCT,
)
